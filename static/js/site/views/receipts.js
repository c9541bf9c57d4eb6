// The receipts tab: invoices and credit notes, each as a page to open and a PDF to download.

import { html } from "htm/preact";
import { get } from "../../shared/api.js";
import { Icon } from "../../ui/icon.js";
import { money } from "../money.js";
import { account } from "../page-state.js";
import { dateText } from "../times.js";
import { useAsked } from "./hooks.js";
import { Empty, Loaded } from "./parts.js";

/** @typedef {import("../api-types.js").Receipt} Receipt */

/** @param {{receipt: Receipt}} props */
function Row({ receipt }) {
  const { number, kind, classTitle, total, currency, issuedAt, url, pdfUrl, student } = receipt;
  const whose = student && student.id !== account.value?.id ? `${student.name} · ` : "";
  const credit = kind !== "invoice";
  return html`<li class="receipt" data-testid="receipt">
    <${Icon} name="receipt-text" />
    <div class="receipt-text">
      <a href=${url} target="_blank" rel="noopener">${credit ? "Credit note" : "Invoice"} ${number}</a>
      <span class="quiet small">${whose}${classTitle} · ${dateText(issuedAt)}</span>
    </div>
    <strong class="figures">${credit ? "−" : ""}${money(Math.abs(total), currency)}</strong>
    <a class="icon-button" href=${pdfUrl} download aria-label=${`Download ${number} as PDF`}>
      <${Icon} name="download" />
    </a>
  </li>`;
}

export function Receipts() {
  const asked = useAsked(
    /** @returns {Promise<import("../api-types.js").ListOf<Receipt>>} */ () => get("/api/me/receipts?limit=100"),
  );
  return html`<${Loaded} of=${asked}>
    ${(/** @type {import("../api-types.js").ListOf<Receipt>} */ { items }) =>
      items.length === 0
        ? html`<${Empty} icon="receipt-text" title="No receipts yet">
          <p>When you pay for a class, the invoice appears here.</p>
        <//>`
        : html`<ul class="receipts">
          ${items.map((receipt) => html`<${Row} key=${receipt.number} receipt=${receipt} />`)}
        </ul>`}
  <//>`;
}
