// The dialog that refunds a payment: amount, reason, note, and the consequences.

import { html } from "htm/preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { post } from "../../shared/api.js";
import { money, paiseOf, rupeesOf } from "../money.js";
import { say } from "../page-state.js";
import { focusFault, useSending } from "./hooks.js";
import { Button, Field, Notice } from "./parts.js";

/** @type {[string, string][]} */
const REASONS = [
  ["requested", "The student asked for it"],
  ["class_changed", "The class was changed or missed"],
  ["technical", "Technical problem"],
  ["mistake", "Paid by mistake"],
  ["goodwill", "Goodwill"],
];

/**
 * @param {{order: import("../api-types.js").AdminOrder, payment: import("../api-types.js").Payment, close: () => void,
 *   done: () => unknown}} props
 */
export function RefundDialog({ order, payment, close, done }) {
  const dialog = useRef(/** @type {HTMLDialogElement|null} */ (null));
  const most = payment.amount - payment.refunded;
  const [fields, setFields] = useState({ amount: rupeesOf(most), reason: "requested", note: "" });
  const [fault, setFault] = useState("");
  const { busy, error, run } = useSending();
  useEffect(() => dialog.current?.showModal(), []);
  const amount = paiseOf(fields.amount);
  const full = amount === most;
  const bind = (/** @type {keyof typeof fields} */ name) => ({
    name: `refund-${name}`,
    value: fields[name],
    onInput: (/** @type {string} */ value) => setFields({ ...fields, [name]: value }),
  });
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const wrong =
      amount === null || amount < 1 || amount > most ? `Type an amount up to ${money(most, order.currency)}.` : "";
    setFault(wrong);
    if (wrong) return focusFault(".dialog");
    const body = { paymentId: payment.id, reason: fields.reason, note: fields.note.trim(), ...(!full && { amount }) };
    if (!(await run(() => post("/api/admin/refunds", body)))) return;
    say(`${money(amount ?? 0, order.currency)} goes back to ${order.student.name}.`);
    close();
    done();
  };
  return html`<dialog ref=${dialog} class="dialog dialog-form" aria-labelledby="refund-title" onClose=${close}
      data-testid="refund-dialog">
    <form class="form" onSubmit=${send} novalidate>
      <h2 id="refund-title">Refund ${order.student.name}</h2>
      <${Field} label="Amount" before="₹" inputmode="decimal" autocomplete="off" ...${bind("amount")} error=${fault}
          hint=${`Up to ${money(most, order.currency)}.`} />
      <${Field} label="Reason" type="select" ...${bind("reason")}>
        ${REASONS.map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}
      <//>
      <${Field} label="Note" type="area" rows="2" maxlength="200" ...${bind("note")}
          hint="For your records; the student does not see it." />
      <${Notice} kind="warning">
        ${
          full
            ? "A full refund ends the enrolment. A student who is in a lesson leaves it at once."
            : "Part of the money goes back. The student stays enrolled."
        }
      <//>
      ${error && html`<${Notice} kind="danger" testid="refund-error">${error.message}<//>`}
      <div class="row row-end">
        <button type="button" class="button" onClick=${close}>Cancel</button>
        <${Button} type="submit" class="button-danger" busy=${busy} busyText="Refunding…" data-testid="refund-confirm">
          Refund ${amount ? money(amount, order.currency) : ""}
        <//>
      </div>
    </form>
  </dialog>`;
}
