// The orders, newest first: student, class, amount and state; below each its payments, refunds and receipts, and the
// button to refund.

import { html } from "htm/preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { get, withQuery } from "../../shared/api.js";
import { Icon } from "../../ui/icon.js";
import { money } from "../money.js";
import { resource } from "../resource.js";
import { dateText, timeText } from "../times.js";
import { useSending } from "./hooks.js";
import { Button, Empty, Field, Loaded } from "./parts.js";
import { RefundDialog } from "./refund-dialog.js";

/** @typedef {import("../api-types.js").AdminOrder} AdminOrder */
/** @typedef {import("../api-types.js").Payment} Payment */
/** @typedef {import("../api-types.js").ListOf<AdminOrder>} FoundOrders */

const PAUSE_MS = 300;
const STATES = ["open", "paid", "refunded", "expired", "superseded", "cancelled"];
/** @type {Record<string, string>} */
const CHIPS = {
  paid: "chip-good",
  captured: "chip-good",
  processed: "chip-good",
  refunded: "chip-warm",
  failed: "chip-bad",
  due: "chip-warm",
  asked: "chip-warm",
};

/** @param {{state: string}} props */
const State = ({ state }) => html`<span class=${`chip ${CHIPS[state] ?? "chip-plain"}`}>${state}</span>`;

/** @param {{order: AdminOrder, refund: (order: AdminOrder, payment: Payment) => void}} props */
function Order({ order, refund }) {
  const { id, gatewayOrderId, student, amount, currency, state, createdAt, payments, refunds, receipts } = order;
  return html`<li class="order" data-testid="order">
    <details>
      <summary>
        <span class="order-who">
          <strong>${student.name}</strong>
          <span class="quiet small">${order.class.title}</span>
        </span>
        <span class="order-when quiet small figures">${dateText(createdAt)}, ${timeText(createdAt)}</span>
        <strong class="order-amount figures">${money(amount, currency)}</strong>
        <${State} state=${state} />
        <${Icon} name="chevron-right" class="order-turn" />
      </summary>
      <div class="order-more">
        <dl class="pairs">
          <div><dt>Student</dt><dd>${student.email}</dd></div>
          <div><dt>Order</dt><dd><code>${id}</code></dd></div>
          <div><dt>At the gateway</dt><dd><code>${gatewayOrderId ?? "–"}</code></dd></div>
        </dl>
        ${payments.length === 0 && html`<p class="quiet small">There is no payment yet.</p>`}
        ${payments.map(
          (payment) => html`<div key=${payment.id} class="order-line" data-testid="payment">
            <${Icon} name="indian-rupee" />
            <div>
              <span class="figures">${money(payment.amount, payment.currency)}</span>
              ${" "}
              <${State} state=${payment.state} />
              ${
                payment.confirmed || payment.state !== "captured"
                  ? null
                  : html` <span class="chip chip-warm">not confirmed yet</span>`
              }
              ${payment.dispute && html` <span class="chip chip-bad">dispute: ${payment.dispute}</span>`}
              <code class="quiet small">${payment.id}</code>
              ${payment.reason && html`<span class="quiet small">${payment.reason}</span>`}
            </div>
            ${
              payment.state === "captured" &&
              payment.refunded < payment.amount &&
              html`<button type="button" class="button button-small" data-testid="refund"
                  onClick=${() => refund(order, payment)}>Refund…</button>`
            }
          </div>`,
        )}
        ${refunds.map(
          (one) => html`<div key=${one.id} class="order-line" data-testid="refund-line">
            <${Icon} name="undo-2" />
            <div>
              <span class="figures">−${money(one.amount, one.currency)}</span> <${State} state=${one.state} />
              <span class="quiet small">
                ${one.reason.replaceAll("_", " ")}
                ${one.attempts > 1 && ["due", "failed"].includes(one.state) ? `, tried ${one.attempts} times` : ""}
              </span>
              ${one.note && html`<span class="quiet small">${one.note}</span>`}
            </div>
          </div>`,
        )}
        ${receipts.map(
          ({ number, kind, url }) => html`<div key=${number} class="order-line">
            <${Icon} name="receipt-text" />
            <div>
              <a href=${url} target="_blank" rel="noopener">
                ${kind === "credit_note" ? "Credit note" : "Invoice"} ${number}
              </a>
            </div>
          </div>`,
        )}
      </div>
    </details>
  </li>`;
}

/**
 * @param {{found: FoundOrders, more: () => Promise<unknown>, refund: (order: AdminOrder, payment: Payment) => void,
 *   searching: boolean}} props
 */
function List({ found, more, refund, searching }) {
  const { busy, run } = useSending();
  if (found.items.length === 0)
    return html`<${Empty} icon="receipt-text" title=${searching ? "No order matches" : "No orders yet"}>
      <p>
        ${
          searching
            ? "Try a name, an e-mail address, or an id of the gateway."
            : "An order appears here when a student starts to pay."
        }
      </p>
    <//>`;
  return html`
    <ul class="orders">
      ${found.items.map((order) => html`<${Order} key=${order.id} order=${order} refund=${refund} />`)}
    </ul>
    ${found.next && html`<p class="more"><${Button} busy=${busy} onClick=${() => run(more)}>Show more orders<//></p>`}
  `;
}

export function Orders() {
  const [filter, setFilter] = useState({ search: "", state: "", from: "", to: "" });
  const [chosen, setChosen] = useState(/** @type {{order: AdminOrder, payment: Payment}|null} */ (null));
  const choose = (/** @type {AdminOrder} */ order, /** @type {Payment} */ payment) => setChosen({ order, payment });
  const asked = useMemo(
    () =>
      resource(
        /** @returns {Promise<FoundOrders>} */ () => get(withQuery("/api/admin/orders", { ...filter, limit: 50 })),
      ),
    [filter],
  );
  const [shown, setShown] = useState(asked);
  useEffect(() => {
    const timer = setTimeout(
      () => {
        void asked.load().then(() => setShown(asked));
      },
      shown === asked ? 0 : PAUSE_MS,
    );
    return () => clearTimeout(timer);
  }, [asked]);
  const more = async () => {
    const before = /** @type {FoundOrders} */ (shown.state.value.data);
    const { items, next } = await get(withQuery("/api/admin/orders", { ...filter, limit: 50, cursor: before.next }));
    shown.set({ items: [...before.items, ...items], next });
  };
  const set = (/** @type {object} */ change) => setFilter({ ...filter, ...change });
  return html`
    <div class="desk-tools">
      <${Field} name="order-search" class="grow" label="Search" type="search" value=${filter.search}
          onInput=${(/** @type {string} */ search) => set({ search })} placeholder="Name, e-mail, order or payment"
          autocomplete="off" />
      <${Field} name="order-state" label="State" type="select" value=${filter.state}
          onInput=${(/** @type {string} */ state) => set({ state })}>
        <option value="">All</option>
        ${STATES.map((state) => html`<option key=${state} value=${state}>${state}</option>`)}
      <//>
      <${Field} name="order-from" label="From" type="date" value=${filter.from}
          onInput=${(/** @type {string} */ from) => set({ from })} />
      <${Field} name="order-to" label="To" type="date" value=${filter.to}
          onInput=${(/** @type {string} */ to) => set({ to })} />
    </div>
    <${Loaded} of=${shown}>
      ${(/** @type {FoundOrders} */ found) => html`<${List} found=${found} more=${more} refund=${choose}
          searching=${Object.values(filter).some(Boolean)} />`}
    <//>
    ${
      chosen &&
      html`<${RefundDialog} ...${chosen} close=${() => setChosen(null)} done=${() => shown.load({ quiet: true })} />`
    }
  `;
}
