// The people of a class, for its teacher: enrolled students and assistants.

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { getAll, put, remove } from "../../shared/api.js";
import { Avatar } from "../../ui/avatar.js";
import { say } from "../page-state.js";
import { dateText } from "../times.js";
import { focusFault, useAsked, useSending } from "./hooks.js";
import { Button, Empty, Field, Loaded } from "./parts.js";

/** @typedef {import("../api-types.js").Enrolment} Enrolment */

const KINDS = { paid: "Paid", free: "Free", coupon: "Coupon", trial: "Trial", granted: "Granted" };

/** @param {{items: Enrolment[]}} props */
function Table({ items }) {
  if (items.length === 0)
    return html`<${Empty} icon="users" title="Nobody is enrolled yet">
      <p>Send people the address of the class page. It works once the class is published.</p>
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
export function Enrolled({ class_ }) {
  const asked = useAsked(
    /** @returns {Promise<Enrolment[]>} */ () => getAll(`/api/classes/${class_.id}/people`),
    [class_.id],
  );
  return html`<${Loaded} of=${asked}>${(/** @type {Enrolment[]} */ items) => html`<${Table} items=${items} />`}<//>`;
}

/** @param {{class_: import("../api-types.js").Class, changed: () => Promise<unknown>}} props */
export function Assistants({ class_, changed }) {
  const [email, setEmail] = useState("");
  const { busy, error, run } = useSending();
  const path = (/** @type {string} */ address) => `/api/classes/${class_.id}/assistants/${encodeURIComponent(address)}`;
  const add = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!(await run(() => put(path(email.trim()))))) return focusFault();
    setEmail("");
    await changed();
    say("Added. They find the class under My classes.");
  };
  const drop = async (/** @type {string} */ address) => {
    if (await run(() => remove(path(address)))) await changed();
  };
  const assistants = class_.assistants ?? [];
  return html`<section class="desk-card narrow">
    <h2>Assistants</h2>
    <p class="quiet">An assistant joins for free, can mute and admit people, and can watch over the chat.</p>
    ${
      assistants.length > 0 &&
      html`<ul class="people-list">
        ${assistants.map(
          ({ name, email: address }) => html`<li key=${address}>
            <${Avatar} name=${name} size="small" />
            <span>${name}<span class="quiet small">${address}</span></span>
            <button type="button" class="button button-small" aria-label=${`Remove ${name}`}
                onClick=${() => drop(address)}>Remove</button>
          </li>`,
        )}
      </ul>`
    }
    <form class="form" onSubmit=${add} novalidate>
      <${Field} name="assistant" label="E-mail of the assistant" type="email" value=${email} onInput=${setEmail}
          autocomplete="off" error=${error?.message} hint="They need an account here." />
      <div class="row">
        <${Button} type="submit" class="button-primary" busy=${busy} disabled=${!email.trim()}>Add assistant<//>
      </div>
    </form>
  </section>`;
}
