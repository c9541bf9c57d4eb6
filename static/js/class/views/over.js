// The last screen: left, ended, removed, replaced or refused, and what to do next.

import { html } from "htm/preact";
import { duration } from "../../shared/text.js";
import { Icon } from "../../ui/icon.js";
import { bySession, classId, rejoin } from "../intents.js";
import { over, startedAt, title } from "../store.js";

/**
 * `look`: the words of the way to the class in the catalogue.
 * @type {Record<string, {icon: string, heading: string, text: string, again?: string, look?: string}>}
 */
const WORDS = {
  left: {
    icon: "log-out",
    heading: "You left the class",
    text: "The class may still be running.",
    again: "Join again",
  },
  ended: { icon: "check", heading: "The class has ended", text: "Thank you for being here." },
  removed: {
    icon: "user-x",
    heading: "You were removed",
    text: "The teacher removed you from this class. Write to them if you think this is a mistake.",
  },
  replaced: {
    icon: "monitor-x",
    heading: "You joined from another place",
    text: "This class is now open in another tab or on another device.",
    again: "Use it here instead",
  },
  flooding: {
    icon: "circle-alert",
    heading: "Too much came from your side",
    text:
      "Your page or device sent more than the class can take, so it was disconnected. " +
      "Wait a minute, then join again.",
    again: "Join again",
  },
  refunded: {
    icon: "undo-2",
    heading: "Your payment was refunded",
    text:
      "With it your seat in this class is free again. " +
      "The money goes back to where you paid from, usually within 5 to 7 working days.",
    look: "To the class",
  },
  expired: {
    icon: "clock",
    heading: "Your time in this class is over",
    text: "You can enrol to go on.",
    look: "To the class",
  },
  cancelled: {
    icon: "x",
    heading: "This class was cancelled",
    text: "Whoever paid gets all of it back.",
    look: "To the class",
  },
  disputed: {
    icon: "circle-alert",
    heading: "Your payment was taken back",
    text: "With it your seat in this class is free again. Write to the school if you think this is a mistake.",
    look: "To the class",
  },
  not_enrolled: {
    icon: "circle-alert",
    heading: "You are no longer enrolled",
    text: "Your place in this class has ended.",
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
        ${(words.look || bySession) && html`<a class="button" href="/me">My classes</a>`}
      </div>
    </div>
  </main>`;
}
