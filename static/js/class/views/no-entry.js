// The screen without a join token: why the class cannot be entered, and where to go instead.

import { html } from "htm/preact";
import { signInPath } from "../../shared/links.js";
import { Icon } from "../../ui/icon.js";
import * as intents from "../intents.js";

/** @typedef {{icon: string, heading: string, text: string, links: [string, string][], again?: boolean}} Words */

/** @param {{code: string, message: string}} refusal @param {string} classId @returns {Words} */
function wordsFor({ code, message }, classId) {
  /** @type {[string, string][]} */
  const signIn = [
    [signInPath(`/class/${classId}`), "Sign in"],
    ["/", "Paste a link"],
  ];
  /** @type {[string, string][]} */
  const look = [
    [`/classes/${classId}`, "To the class"],
    ["/me", "My classes"],
  ];
  if (code === "not_signed_in")
    return {
      icon: "link",
      heading: "This link is not complete",
      text: "Open the class with the whole link that you were given, or sign in if you are enrolled.",
      links: signIn,
    };
  if (code === "link_expired")
    return {
      icon: "link",
      heading: "This link has expired",
      text: "Ask for a new link, or sign in if you are enrolled.",
      links: signIn,
    };
  if (code === "not_found")
    return {
      icon: "search",
      heading: "This class was not found",
      text: "It may have ended, or the address may be mistyped.",
      links: [
        ["/me", "My classes"],
        ["/", "Paste a link"],
      ],
    };
  if (code === "not_yet_open")
    return { icon: "clock", heading: "The class is not open yet", text: message, links: look, again: true };
  if (code === "unreachable" || code === "busy")
    return { icon: "wifi-off", heading: "The server cannot be reached", text: message, links: [], again: true };
  return { icon: "circle-alert", heading: "You cannot enter this class", text: message, links: look };
}

export function NoEntry() {
  const words = wordsFor(intents.refusal ?? { code: "not_signed_in", message: "" }, intents.classId);
  return html`<main class="card-page" data-testid="prejoin">
    <div class="card over" data-testid="no-entry">
      <div class="waiting-mark"><${Icon} name=${words.icon} /></div>
      <h1>${words.heading}</h1>
      <p>${words.text}</p>
      <div class="row over-links">
        ${
          words.again &&
          html`<button type="button" class="button button-primary" onClick=${() => location.reload()}>
            <${Icon} name="rotate-cw" />
            Try again
          </button>`
        }
        ${words.links.map(
          ([path, label], index) => html`<a key=${path}
              class=${`button ${index || words.again ? "" : "button-primary"}`} href=${path}>${label}</a>`,
        )}
      </div>
    </div>
  </main>`;
}
