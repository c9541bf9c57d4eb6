// Buys a class step by step: makes the order, opens the gateway's dialog, sends in the proof of payment, and asks until
// the outcome is certain. A payment that was made is never given up: its order is kept until the server has said what
// became of it. Knows no DOM.

import { signal } from "@preact/signals";
import { asApiError } from "../shared/api.js";

/** @typedef {import("./api-types.js").Order} Order */
/** @typedef {import("./api-types.js").PaymentProof} PaymentProof */

/**
 * idle: not begun, or the dialog was closed · ordering · paying: the dialog is open · confirming: paid, not yet certain
 * · enrolled · returned: paid, but the money goes back · refused: the class cannot be bought
 * @typedef {"idle"|"ordering"|"paying"|"confirming"|"enrolled"|"returned"|"refused"} Step
 * @typedef {{step: Step, message: string|null, code: string|null, tries: number, orderId: string|null}} Progress
 * @typedef {{orderId: string, proof: PaymentProof|null, at: number}} Pending
 */

/** The order state, beside `paid`, that ends the waiting; the server's sentence is shown. */
const RETURNED = new Set(["refunded"]);
/** Refusals of a proof after which the money that was taken goes back. */
const SENT_BACK = new Set([
  "duplicate",
  "wrong_amount",
  "class_full",
  "class_gone",
  "price_changed",
  "order_closed",
  "requested",
  "class_cancelled",
  "gateway",
]);
const GONE = new Set(["expired", "superseded", "cancelled"]);
const ASK_AGAIN_MS = [1000, 2000, 3000, 5000, 8000];
/** How often the order is asked about after its dialog was closed: a payment by phone may still come in. */
const WATCH_TURNS = 20;
const WATCH_MS = 3000;

/** @type {Progress} */
const START = { step: "idle", message: null, code: null, tries: 0, orderId: null };

/** Answers that say nothing about the payment: another account is signed in, or none. */
const NOT_OURS = new Set([401, 403, 404]);

export const SAFE = "Your payment is safe. Sign in again with the account that paid to confirm it here.";
export const CLOSED = "You closed the payment window. Nothing was charged, and you can still pay.";
const FAILED = "The payment did not go through. Nothing was charged; try again or use another way to pay.";

export class Checkout {
  /**
   * @param {{classId: string, api: {get: (path: string) => Promise<any>, post: (path: string,
   *   body?: object) => Promise<any>}, openDialog: (order: Order, on: {paid: (proof: PaymentProof) => void,
   *   failed: (message: string|null) => void, closed: () => void}) => Promise<() => void>,
   *   memory: {read: () => Pending|null, keep: (pending: Pending|null) => void}, wait: (ms: number) => Promise<void>,
   *   now: () => number, onEnrolled?: () => void}} needs
   */
  constructor({ classId, api, openDialog, memory, wait, now, onEnrolled = () => {} }) {
    this.classId = classId;
    this.api = api;
    this.openDialog = openDialog;
    this.memory = memory;
    this.wait = wait;
    this.now = now;
    this.onEnrolled = onEnrolled;
    /** @type {import("@preact/signals").Signal<Progress>} */
    this.progress = signal(START);
    this._run = 0;
    /** Closes the dialog, while one is open. */
    this._close = () => {};
  }

  /** @param {Partial<Progress>} change */
  _to(change) {
    this.progress.value = { ...this.progress.value, message: null, code: null, tries: 0, ...change };
  }

  get isBusy() {
    return ["ordering", "paying", "confirming"].includes(this.progress.value.step);
  }

  /** Makes an order and opens the dialog. @param {string|null} [coupon] */
  async pay(coupon = null) {
    if (this.isBusy) return;
    this._run += 1;
    this._to({ step: "ordering" });
    try {
      const order = await this.api.post(
        "/payments/order",
        coupon ? { classId: this.classId, coupon } : { classId: this.classId },
      );
      if (order.enrolled) return this._enrolled();
      await this._open(order);
    } catch (thrown) {
      this._refuse(asApiError(thrown));
    }
  }

  /** Enrols without a payment: in a free class, or for a trial. @param {{trial?: boolean}} [how] */
  async enrol({ trial = false } = {}) {
    if (this.isBusy) return;
    this._to({ step: "ordering" });
    try {
      await this.api.post(`/api/classes/${this.classId}/enrol`, trial ? { trial: true } : {});
      this._enrolled();
    } catch (thrown) {
      this._refuse(asApiError(thrown));
    }
  }

  /** Goes on after a reload: asks again about a payment whose outcome was not known. */
  async resume() {
    const pending = this.memory.read();
    if (!pending || this.isBusy) return;
    if (pending.proof) await this._confirm(pending.orderId, pending.proof);
    else await this._watch(pending.orderId, WATCH_TURNS);
  }

  /** Closes the dialog when another tab has enrolled: it must not be paid twice. */
  enrolledElsewhere() {
    if (this.progress.value.step !== "paying") return;
    this._run += 1;
    this._close();
    this._enrolled();
  }

  /** @param {import("../shared/api.js").ApiError} error */
  _refuse(error) {
    if (error.code === "already_enrolled") return this._enrolled();
    this._to({ step: error.isTemporary ? "idle" : "refused", message: error.message, code: error.code });
  }

  _enrolled() {
    this._run += 1;
    this.memory.keep(null);
    this._to({ step: "enrolled" });
    this.onEnrolled();
  }

  /** @param {Order} order */
  async _open(order) {
    const turn = this._run;
    this._keep(order.orderId, null);
    this._to({ step: "paying", orderId: order.orderId });
    let failure = /** @type {string|null} */ (null);
    this._close = await this.openDialog(order, {
      paid: (proof) => turn === this._run && void this._confirm(order.orderId, proof),
      failed: (message) => (failure = message ?? FAILED),
      closed: () => {
        if (turn !== this._run || this.progress.value.step !== "paying") return;
        this._to({
          step: "idle",
          message: failure ?? CLOSED,
          code: failure ? "failed" : "closed",
          orderId: order.orderId,
        });
        void this._watch(order.orderId, WATCH_TURNS);
      },
    });
  }

  /** @param {string} orderId @param {PaymentProof|null} proof */
  _keep(orderId, proof) {
    this.memory.keep({ orderId, proof, at: this.now() });
  }

  /**
   * Sends the proof until the server has answered; asks about the order itself between two tries.
   * @param {string} orderId @param {PaymentProof} proof
   */
  async _confirm(orderId, proof) {
    const turn = (this._run += 1);
    this._keep(orderId, proof);
    this._to({ step: "confirming", orderId });
    for (let tries = 0; turn === this._run; tries += 1) {
      if (await this._settled(orderId, proof, turn)) return;
      if (turn !== this._run) return;
      this.progress.value = { ...this.progress.value, tries: tries + 1 };
      await this.wait(ASK_AGAIN_MS[Math.min(tries, ASK_AGAIN_MS.length - 1)]);
    }
  }

  /**
   * @param {string} orderId @param {PaymentProof} proof @param {number} turn
   * @returns {Promise<boolean>} whether the outcome is known
   */
  async _settled(orderId, proof, turn) {
    try {
      const answer = await this.api.post("/payments/verify", proof);
      if (turn === this._run && answer.enrolled) this._enrolled();
      if (answer.enrolled) return true;
      return await this._asked(orderId, turn, null);
    } catch (thrown) {
      const error = asApiError(thrown);
      if (error.code === "payment_failed") return this._failed(turn, error);
      if (error.status === 401 || error.status === 403) return this._later(turn, SAFE);
      const undecided = error.isTemporary || error.code === "payment_pending";
      return await this._asked(orderId, turn, undecided ? null : error);
    }
  }

  /** @param {number} turn @param {import("../shared/api.js").ApiError} error */
  _failed(turn, { message }) {
    if (turn === this._run) this._end({ step: "idle", message, code: "failed" });
    return true;
  }

  /**
   * Asks what became of an order.
   * @param {string} orderId @param {number} turn @param {import("../shared/api.js").ApiError|null} refusal of the proof
   */
  async _asked(orderId, turn, refusal) {
    let order;
    try {
      order = await this.api.get(`/payments/order/${encodeURIComponent(orderId)}`);
    } catch (thrown) {
      const error = asApiError(thrown);
      if (error.isTemporary || turn !== this._run) return false;
      if (!refusal && NOT_OURS.has(error.status)) return this._later(turn, error.status === 404 ? null : SAFE);
      this._end({ step: "refused", message: (refusal ?? error).message, code: (refusal ?? error).code });
      return true;
    }
    if (turn !== this._run) return true;
    if (order.state === "paid") this._enrolled();
    else if (RETURNED.has(order.state) || SENT_BACK.has(refusal?.code ?? ""))
      this._end({
        step: "returned",
        message: order.message || refusal?.message || null,
        code: refusal?.code ?? order.state,
      });
    else if (refusal) this._end({ step: "refused", message: refusal.message, code: refusal.code });
    else return false;
    return true;
  }

  /**
   * Keeps the payment for its account: another one is signed in, or none.
   * @param {number} turn @param {string|null} message
   */
  _later(turn, message) {
    if (turn !== this._run) return true;
    this._run += 1;
    this._to({ step: "idle", message, code: message ? "signed_out" : null });
    return true;
  }

  /** @param {Partial<Progress>} change */
  _end(change) {
    this._run += 1;
    this.memory.keep(null);
    this._to(change);
  }

  /**
   * Asks about an order whose dialog was closed: it may still be paid.
   * @param {string} orderId @param {number} turns
   */
  async _watch(orderId, turns) {
    const turn = (this._run += 1);
    for (let left = turns; left > 0; left -= 1) {
      try {
        const order = await this.api.get(`/payments/order/${encodeURIComponent(orderId)}`);
        if (turn !== this._run) return;
        if (order.state === "paid") return this._enrolled();
        if (RETURNED.has(order.state))
          return this._end({ step: "returned", message: order.message, code: order.state });
        if (GONE.has(order.state)) return this.memory.keep(null);
      } catch (thrown) {
        if (turn !== this._run) return;
        if (NOT_OURS.has(asApiError(thrown).status)) return;
        if (!asApiError(thrown).isTemporary) return this.memory.keep(null);
      }
      if (left > 1) await this.wait(WATCH_MS);
      if (turn !== this._run) return;
    }
  }
}
