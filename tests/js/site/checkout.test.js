// The checkout follows a payment that was made to its end, whatever the network, the dialog and the server do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../../static/js/shared/api.js";
import { Checkout, CLOSED, SAFE } from "../../../static/js/site/checkout.js";

const PROOF = { razorpay_order_id: "order_1", razorpay_payment_id: "pay_1", razorpay_signature: "ab" };
const DOWN = new ApiError(0, "unreachable", "The server cannot be reached.");
const BUSY = new ApiError(503, "busy", "Busy.");

/**
 * A server by its answers, each path's in turn (the last one stays), and a dialog by what it does.
 * @param {Record<string, any[]>} answers @param {any} [dialog]
 */
function bench(answers, dialog = () => {}) {
  /** @type {[string, string, any?][]} */
  const asked = [];
  /** @type {any[]} */
  const kept = [];
  let enrolled = 0;
  let closed = 0;
  let pending = /** @type {any} */ (null);
  const answer = async (/** @type {string} */ method, /** @type {string} */ path, /** @type {any} */ body) => {
    asked.push([method, path, body]);
    const list = answers[path];
    assert.ok(list, `unexpected ${method} ${path}`);
    const next = list.length > 1 ? list.shift() : list[0];
    if (next instanceof Error) throw next;
    return next;
  };
  const checkout = new Checkout({
    classId: "maths",
    api: { get: (path) => answer("GET", path, undefined), post: (path, body) => answer("POST", path, body) },
    openDialog: async (order, on) => {
      dialog(on, order);
      return () => (closed += 1);
    },
    memory: {
      read: () => pending,
      keep: (value) => {
        pending = value;
        kept.push(value);
      },
    },
    wait: async () => {},
    now: () => 1000,
    onEnrolled: () => (enrolled += 1),
  });
  return {
    checkout,
    asked,
    kept,
    get enrolled() {
      return enrolled;
    },
    get closed() {
      return closed;
    },
    get pending() {
      return pending;
    },
    set pending(value) {
      pending = value;
    },
    count: (/** @type {string} */ path) => asked.filter((one) => one[1] === path).length,
  };
}

/** Lets everything under way come to its end. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

const ORDER = { "/payments/order": [{ orderId: "order_1", amount: 149900 }] };
const pays = (/** @type {any} */ on) => on.paid(PROOF);

test("a verified payment enrols once and leaves nothing to follow", async () => {
  const b = bench({ ...ORDER, "/payments/verify": [{ enrolled: true, classId: "maths" }] }, pays);
  await b.checkout.pay("DIWALI20");
  await settle();
  assert.deepEqual(b.asked[0], ["POST", "/payments/order", { classId: "maths", coupon: "DIWALI20" }]);
  assert.deepEqual(b.asked[1], ["POST", "/payments/verify", PROOF]);
  assert.deepEqual([b.checkout.progress.value.step, b.enrolled, b.pending], ["enrolled", 1, null]);
});

test("a coupon for the whole price enrols without a dialog", async () => {
  const b = bench({ "/payments/order": [{ enrolled: true, classId: "maths" }] }, () => assert.fail("no dialog"));
  await b.checkout.pay("FREE");
  assert.deepEqual([b.checkout.progress.value.step, b.enrolled], ["enrolled", 1]);
});

test("the proof is sent until the server answers, and kept meanwhile", async () => {
  const b = bench(
    { ...ORDER, "/payments/verify": [DOWN, BUSY, DOWN, DOWN, { enrolled: true }], "/payments/order/order_1": [DOWN] },
    pays,
  );
  await b.checkout.pay();
  await settle();
  assert.equal(b.count("/payments/verify"), 5);
  assert.deepEqual(b.kept.filter(Boolean).at(-1), { orderId: "order_1", proof: PROOF, at: 1000 });
  assert.deepEqual([b.checkout.progress.value.step, b.enrolled, b.pending], ["enrolled", 1, null]);
});

test("a paid order enrols even when the proof cannot be sent", async () => {
  const b = bench(
    { ...ORDER, "/payments/verify": [DOWN], "/payments/order/order_1": [{ state: "open" }, { state: "paid" }] },
    pays,
  );
  await b.checkout.pay();
  await settle();
  assert.deepEqual([b.checkout.progress.value.step, b.count("/payments/order/order_1")], ["enrolled", 2]);
});

test("when the class is full after the payment, the refund is told in the server's words", async () => {
  const full = new ApiError(409, "class_full", "The last seat went.");
  const b = bench(
    {
      ...ORDER,
      "/payments/verify": [full],
      "/payments/order/order_1": [{ state: "refunded", message: "₹1,499 goes back to you." }],
    },
    pays,
  );
  await b.checkout.pay();
  await settle();
  assert.deepEqual(
    [b.checkout.progress.value.step, b.checkout.progress.value.message, b.enrolled, b.pending],
    ["returned", "₹1,499 goes back to you.", 0, null],
  );
});

test("a refund that the order does not show yet is still told", async () => {
  const b = bench(
    {
      ...ORDER,
      "/payments/verify": [new ApiError(409, "price_changed", "The price changed.")],
      "/payments/order/order_1": [{ state: "superseded", message: null }],
    },
    pays,
  );
  await b.checkout.pay();
  await settle();
  assert.deepEqual(
    [b.checkout.progress.value.step, b.checkout.progress.value.message],
    ["returned", "The price changed."],
  );
});

test("the page asks about a payment until it has arrived", async () => {
  const pending = new ApiError(409, "payment_pending", "It is looked for.");
  const b = bench(
    {
      ...ORDER,
      "/payments/verify": [pending, pending, { enrolled: true }],
      "/payments/order/order_1": [{ state: "open", message: "It is looked for." }],
    },
    pays,
  );
  await b.checkout.pay();
  await settle();
  assert.deepEqual([b.checkout.progress.value.step, b.count("/payments/verify")], ["enrolled", 3]);
});

test("a payment that failed later may be tried again, and nothing goes back", async () => {
  const b = bench({ ...ORDER, "/payments/verify": [new ApiError(409, "payment_failed", "No money was taken.")] }, pays);
  await b.checkout.pay();
  await settle();
  assert.deepEqual(
    [b.checkout.progress.value.step, b.checkout.progress.value.code, b.pending],
    ["idle", "failed", null],
  );
});

test("a forged proof is refused, and asked no further", async () => {
  const b = bench(
    {
      ...ORDER,
      "/payments/verify": [new ApiError(400, "bad_signature", "Not valid.")],
      "/payments/order/order_1": [{ state: "open" }],
    },
    pays,
  );
  await b.checkout.pay();
  await settle();
  assert.deepEqual(
    [b.checkout.progress.value.step, b.checkout.progress.value.message, b.count("/payments/verify")],
    ["refused", "Not valid.", 1],
  );
});

test("a closed dialog charges nothing, but its order is watched for a payment by phone", async () => {
  const b = bench(
    { ...ORDER, "/payments/order/order_1": [{ state: "open" }, DOWN, { state: "open" }, { state: "paid" }] },
    (/** @type {any} */ on) => on.closed(),
  );
  /** @type {any[]} */
  const said = [];
  b.checkout.progress.subscribe(({ step, message }) => said.push([step, message]));
  await b.checkout.pay();
  await settle();
  assert.ok(said.some(([step, message]) => step === "idle" && message === CLOSED));
  assert.deepEqual([b.checkout.progress.value.step, b.enrolled], ["enrolled", 1]);
});

test("a failed payment gives its reason after the dialog, and may be tried again", async () => {
  const b = bench(
    { ...ORDER, "/payments/order/order_1": [{ state: "expired" }], "/payments/verify": [{ enrolled: true }] },
    (/** @type {any} */ on) => {
      on.failed("Your bank declined the payment.");
      on.closed();
    },
  );
  await b.checkout.pay();
  await settle();
  assert.deepEqual(
    [b.checkout.progress.value.step, b.checkout.progress.value.code, b.checkout.progress.value.message],
    ["idle", "failed", "Your bank declined the payment."],
  );
  assert.equal(b.checkout.isBusy, false);
});

test("a payment that fails and then succeeds in the same dialog counts", async () => {
  const b = bench({ ...ORDER, "/payments/verify": [{ enrolled: true }] }, (/** @type {any} */ on) => {
    on.failed("Declined.");
    on.paid(PROOF);
    on.closed();
  });
  await b.checkout.pay();
  await settle();
  assert.equal(b.checkout.progress.value.step, "enrolled");
});

test("a class that another tab bought is no error", async () => {
  const b = bench({ "/payments/order": [new ApiError(409, "already_enrolled", "You are in already.")] });
  await b.checkout.pay();
  assert.deepEqual([b.checkout.progress.value.step, b.enrolled], ["enrolled", 1]);
});

test("when another tab enrols, the dialog of this one closes", async () => {
  const b = bench(ORDER, () => {});
  await b.checkout.pay();
  b.checkout.enrolledElsewhere();
  assert.deepEqual([b.closed, b.checkout.progress.value.step, b.pending], [1, "enrolled", null]);
  b.checkout.enrolledElsewhere();
  assert.equal(b.closed, 1);
});

test("a server that cannot be reached leaves the button to press again; a refusal says its sentence", async () => {
  const b = bench({ "/payments/order": [DOWN, new ApiError(409, "class_full", "The class is full.")] });
  await b.checkout.pay();
  assert.deepEqual([b.checkout.progress.value.step, b.checkout.progress.value.message], ["idle", DOWN.message]);
  await b.checkout.pay();
  assert.deepEqual([b.checkout.progress.value.step, b.checkout.progress.value.code], ["refused", "class_full"]);
});

test("a script that does not load is reported, and nothing is charged", async () => {
  const b = bench(ORDER, () => {
    throw new ApiError(0, "no_checkout", "Could not be loaded.");
  });
  await b.checkout.pay();
  assert.deepEqual(
    [b.checkout.progress.value.step, b.checkout.progress.value.message],
    ["idle", "Could not be loaded."],
  );
});

test("a second press while a payment is under way does nothing", async () => {
  const b = bench(ORDER, () => {});
  await Promise.all([b.checkout.pay(), b.checkout.pay()]);
  assert.equal(b.count("/payments/order"), 1);
});

test("after a reload the proof is sent again, or the order is asked about", async () => {
  const b = bench({ "/payments/verify": [{ enrolled: true }] });
  b.pending = { orderId: "order_1", proof: PROOF, at: 0 };
  await b.checkout.resume();
  assert.deepEqual([b.checkout.progress.value.step, b.count("/payments/verify")], ["enrolled", 1]);
  const c = bench({ "/payments/order/order_1": [{ state: "refunded", message: "It goes back." }] });
  c.pending = { orderId: "order_1", proof: null, at: 0 };
  await c.checkout.resume();
  assert.deepEqual([c.checkout.progress.value.step, c.pending], ["returned", null]);
});

test("after a reload the order of another account is left alone and kept for it", async () => {
  const b = bench({ "/payments/order/order_1": [new ApiError(404, "not_found", "No such order.")] });
  b.pending = { orderId: "order_1", proof: null, at: 0 };
  await b.checkout.resume();
  assert.deepEqual([b.checkout.progress.value.step, b.checkout.progress.value.message], ["idle", null]);
  assert.equal(b.pending.orderId, "order_1");
});

test("signing out while paying keeps the proof, says so, and confirms after signing in", async () => {
  for (const status of [401, 403]) {
    const b = bench(
      { ...ORDER, "/payments/verify": [new ApiError(status, "not_signed_in", "Sign in first."), { enrolled: true }] },
      pays,
    );
    await b.checkout.pay();
    await settle();
    assert.deepEqual([b.checkout.progress.value.step, b.checkout.progress.value.message], ["idle", SAFE]);
    assert.deepEqual(b.pending.proof, PROOF);
    await b.checkout.resume();
    assert.deepEqual([b.checkout.progress.value.step, b.pending], ["enrolled", null]);
  }
});

test("signing out while an order is asked about keeps the order", async () => {
  const b = bench({ "/payments/order/order_1": [new ApiError(401, "not_signed_in", "Sign in first.")] });
  b.pending = { orderId: "order_1", proof: null, at: 0 };
  await b.checkout.resume();
  assert.equal(b.pending.orderId, "order_1");
});

test("free classes and trials enrol directly", async () => {
  const b = bench({ "/api/classes/maths/enrol": [{ enrolled: true }] });
  await b.checkout.enrol({ trial: true });
  assert.deepEqual(b.asked, [["POST", "/api/classes/maths/enrol", { trial: true }]]);
  assert.equal(b.checkout.progress.value.step, "enrolled");
});
