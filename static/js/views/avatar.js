// Initials on a colour that stays with the person.

import { html } from "htm/preact";
import { colourIndex, initials } from "../text.js";

/** @param {{id: string, name: string, size?: "small"|"large"}} props */
export function Avatar({ id, name, size = "large" }) {
  return html`<span class=${`avatar avatar-${size} colour-${colourIndex(id)}`} aria-hidden="true">${initials(name)}</span>`;
}
