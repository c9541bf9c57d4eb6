// The last screen: why the stay in the lesson is over, and what to do next.

import { html } from "htm/preact";
import { duration } from "../../shared/text.js";
import { Icon } from "../../ui/icon.js";
import { fromAccount, classId, rejoin } from "../intents.js";
import { over, startedAt, title } from "../store.js";

/**
 * The words of each end of a stay. `again` is the label of the button that joins again, `look` that of the link to the
 * class in the catalogue.
 * @type {Record<string, {icon: string, heading: string, text: string, again?: string, look?: string}>}
 */
const WORDS = {
  left: {
    icon: "log-out",
    heading: "You left the lesson",
    text: "It may still be going on.",
    again: "Join again",
  },
  ended: { icon: "check", heading: "The lesson has ended", text: "Thank you for being here." },
  removed: {
    icon: "user-x",
    heading: "You were removed",
    text: "The teacher removed you from the lesson. Write to the teacher if you think this is a mistake.",
  },
  replaced: {
    icon: "monitor-x",
    heading: "You joined somewhere else",
    text: "The lesson is now open in another tab or on another device.",
    again: "Use it here instead",
  },
  flooding: {
    icon: "circle-alert",
    heading: "Your device sent too much",
    text:
      "This page or device sent more than the server accepts, so it was disconnected. " +
      "Wait a minute, then join again.",
    again: "Join again",
  },
  refunded: {
    icon: "undo-2",
    heading: "Your payment was refunded",
    text:
      "Your seat in this class has become free again. " +
      "The money goes back to the account you paid from, usually within 5 to 7 working days.",
    look: "To the class",
  },
  expired: {
    icon: "clock",
    heading: "Your access to this class has ended",
    text: "Enrol again to continue.",
    look: "To the class",
  },
  cancelled: {
    icon: "x",
    heading: "This class was cancelled",
    text: "Everyone who paid gets the whole amount back.",
    look: "To the class",
  },
  disputed: {
    icon: "circle-alert",
    heading: "Your payment was taken back",
    text:
      "Your bank took the payment back, so your seat in this class has become free again. " +
      "Write to the school if you think this is a mistake.",
    look: "To the class",
  },
  not_enrolled: {
    icon: "circle-alert",
    heading: "You are no longer enrolled",
    text: "You no longer have a seat in this class.",
    look: "To the class",
  },
  disabled: {
    icon: "user-x",
    heading: "Your account is disabled",
    text: "Write to the school if you think this is a mistake.",
  },
  refused: { icon: "circle-alert", heading: "You cannot enter this class", text: "", again: "Try again" },
};

export function Over() {
  if (!over.value) return null;
  const { kind, text, at } = over.value;
  const words = WORDS[kind] ?? WORDS.removed;
  const length = kind === "ended" && startedAt.value ? duration(at - startedAt.value) : null;
  return html`<main class="card-page" data-testid="ended" data-kind=${kind}>
    <div class="card over">
      <div class="waiting-mark"><${Icon} name=${words.icon} /></div>
      <h1>${words.heading}</h1>
      <p>${text || words.text}</p>
      ${length && html`<p class="quiet">${title.value} · <span class="figures">${length}</span></p>`}
      <div class="row over-links">
        ${words.look && html`<a class="button button-primary" href=${`/classes/${classId}`}>${words.look}</a>`}
        ${
          words.again &&
          html`<button type="button" class="button button-primary" data-testid="rejoin-button" onClick=${rejoin}>
            ${words.again}
          </button>`
        }
        ${(words.look || fromAccount) && html`<a class="button" href="/me">My classes</a>`}
      </div>
    </div>
  </main>`;
}
