// A person's initials on a colour that stays with the name.

import { html } from "htm/preact";
import { colourIndex, initials } from "../shared/text.js";

/** @param {{name: string, size?: "small"|"large"}} props */
export function Avatar({ name, size = "large" }) {
  return html`<span class=${`avatar avatar-${size} colour-${colourIndex(name)}`} aria-hidden="true">
    ${initials(name)}
  </span>`;
}
