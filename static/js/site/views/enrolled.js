// Who is enrolled in a class.

import { html } from "htm/preact";
import { everyOf } from "../../shared/api.js";
import { Avatar } from "../../ui/avatar.js";
import { dateText } from "../times.js";
import { useAsked } from "./hooks.js";
import { Empty, Loaded } from "./parts.js";

/** @typedef {import("../api-types.js").Enrolled} Enrolled */

const KINDS = { paid: "Paid", free: "Free", coupon: "Coupon", trial: "Trial", granted: "Granted" };

/** @param {{items: Enrolled[]}} props */
function Table({ items }) {
  if (items.length === 0)
    return html`<${Empty} icon="users" title="Nobody is enrolled yet">
      <p>Send people the address of the class's page; it works as soon as the class is published.</p>
    <//>`;
  return html`
    <p class="quiet"><span class="figures">${items.length}</span> enrolled</p>
    <div class="table-frame" tabindex="0" role="region" aria-label="People">
      <table class="table">
        <thead><tr><th>Name</th><th>E-mail</th><th>How</th><th>Since</th><th>Until</th></tr></thead>
        <tbody>
          ${items.map(
            ({ id, name, email, kind, since, expiresAt }) => html`<tr key=${id} data-testid="person">
              <td><span class="cell-person"><${Avatar} name=${name} size="tiny" />${name}</span></td>
              <td>${email}</td>
              <td>
                <span class=${`chip ${kind === "paid" ? "chip-good" : "chip-plain"}`}>${KINDS[kind] ?? kind}</span>
              </td>
              <td class="figures">${dateText(since)}</td>
              <td class="figures">${expiresAt ? dateText(expiresAt) : "–"}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

/** @param {{class_: import("../api-types.js").Class}} props */
export function People({ class_ }) {
  const asked = useAsked(
    /** @returns {Promise<Enrolled[]>} */ () => everyOf(`/api/classes/${class_.id}/people`),
    [class_.id],
  );
  return html`<${Loaded} of=${asked}>${(/** @type {Enrolled[]} */ items) => html`<${Table} items=${items} />`}<//>`;
}
