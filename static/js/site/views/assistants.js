// The assistants of a class: they enter free and help to moderate.

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { put, remove } from "../../shared/api.js";
import { Avatar } from "../../ui/avatar.js";
import { say } from "../page-state.js";
import { focusFault, useSending } from "./hooks.js";
import { Button, Field } from "./parts.js";

/** @param {{class_: import("../api-types.js").Class, changed: () => Promise<unknown>}} props */
export function Helpers({ class_, changed }) {
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
  const helpers = class_.assistants ?? [];
  return html`<section class="desk-card narrow">
    <h2>Assistants</h2>
    <p class="quiet">An assistant enters free, can mute and admit people, and keeps an eye on the chat.</p>
    ${
      helpers.length > 0 &&
      html`<ul class="people-list">
        ${helpers.map(
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
