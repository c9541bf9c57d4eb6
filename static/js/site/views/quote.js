// The figures of a purchase: price, coupon, tax, the amount to pay; and the student's state for the invoice.

import { useSignal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { asApiError, patch, post } from "../../shared/api.js";
import { Icon } from "../../ui/icon.js";
import { GST_STATES } from "../gst-states.js";
import { money } from "../money.js";
import { account, me, say } from "../page-state.js";
import { Button } from "./parts.js";

/** @typedef {import("../api-types.js").Class} Class */
/** @typedef {import("../api-types.js").Quote} Quote */

/** The price for this student, with the coupon that was accepted. @param {Class} class_ */
export function useQuote({ id, price }) {
  const figures = useSignal(/** @type {Quote|null} */ (null));
  const coupon = useSignal(/** @type {string|null} */ (null));
  const student = account.value?.role === "student";
  /** @param {string|null} code @returns {Promise<string|null>} why the coupon does not count */
  const ask = async (code) => {
    try {
      figures.value = await post("/payments/quote", code ? { classId: id, coupon: code } : { classId: id });
      coupon.value = code;
      return null;
    } catch (thrown) {
      return asApiError(thrown).message;
    }
  };
  useEffect(() => {
    if (student && price > 0) void ask(coupon.value);
  }, [id, price, student]);
  return { figures, coupon, ask, reload: () => void ask(coupon.value) };
}

/** @param {{quote: ReturnType<typeof useQuote>, class_: Class, busy: boolean}} props */
export function Figures({ quote, class_, busy }) {
  const figures = quote.figures.value;
  const { currency } = class_;
  const tax = figures?.tax;
  return html`<div class="buy-figures">
    ${
      figures &&
      figures.discount > 0 &&
      html`<dl class="sums figures" data-testid="sums">
        <div><dt>Price</dt><dd>${money(figures.listPrice, currency)}</dd></div>
        <div class="is-discount">
          <dt>Coupon ${quote.coupon.value}</dt>
          <dd>−${money(figures.discount, currency)}</dd>
        </div>
        <div class="is-total"><dt>To pay</dt><dd>${money(figures.amount, currency)}</dd></div>
      </dl>`
    }
    <p class="quiet small buy-tax figures" data-testid="tax-line">
      ${
        tax && tax.amount > 0
          ? `Includes ${money(tax.amount, currency)} GST (${tax.rate} %)`
          : figures
            ? "No tax is added."
            : " "
      }
    </p>
    <${Coupon} quote=${quote} busy=${busy} />
  </div>`;
}

/** @param {{quote: ReturnType<typeof useQuote>, busy: boolean}} props */
function Coupon({ quote, busy }) {
  const [open, setOpen] = useState(false);
  const [code, setCode] = useState("");
  const [fault, setFault] = useState(/** @type {string|null} */ (null));
  const [asking, setAsking] = useState(false);
  const used = quote.coupon.value;
  const apply = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!code.trim()) return setFault("Type the coupon's code.");
    setAsking(true);
    setFault(await quote.ask(code.trim().toUpperCase()));
    setAsking(false);
  };
  const drop = () => {
    setCode("");
    void quote.ask(null);
  };
  if (used)
    return html`<p class="coupon-used" data-testid="coupon-used">
      <${Icon} name="ticket-percent" />
      <span>Coupon <strong>${used}</strong> applied</span>
      <button type="button" class="button button-small" disabled=${busy} onClick=${drop}>Remove</button>
    </p>`;
  if (!open)
    return html`<button type="button" class="link-button" aria-expanded="false" data-testid="coupon-open"
        onClick=${() => setOpen(true)}><${Icon} name="ticket-percent" />I have a coupon</button>`;
  return html`<form class="coupon-form" onSubmit=${apply} novalidate>
    <label for="coupon">Coupon</label>
    <div class="coupon-row">
      <input class="field" id="coupon" name="coupon" autocomplete="off" autocapitalize="characters" spellcheck="false"
          value=${code} aria-invalid=${fault ? "true" : undefined} aria-describedby="coupon-note"
          onInput=${(/** @type {any} */ event) => setCode(event.target.value)}
          ref=${(/** @type {HTMLElement|null} */ input) => !code && !fault && input?.focus()} />
      <${Button} type="submit" busy=${asking} disabled=${busy}>Apply<//>
    </div>
    <p class="field-error" id="coupon-note" role="alert">${fault && html`<${Icon} name="circle-alert" />${fault}`}</p>
  </form>`;
}

/** The place of supply on the invoice. @param {{changed: () => unknown}} props */
export function StateOfBuyer({ changed }) {
  const state = account.value?.state ?? "";
  const choose = async (/** @type {any} */ event) => {
    try {
      await patch("/api/me", { state: event.target.value });
      await me.load({ quiet: true });
      changed();
    } catch (error) {
      say(/** @type {Error} */ (error).message, "danger");
    }
  };
  return html`<div class="form-field buy-state">
    <label for="buyer-state">Your state, for the invoice</label>
    <select id="buyer-state" class="field" value=${state} onChange=${choose}>
      <option value="">Not given</option>
      ${GST_STATES.map(([code, name]) => html`<option key=${code} value=${code}>${name}</option>`)}
    </select>
  </div>`;
}
