// An icon of the sprite static/icons.svg. It is decorative: the element around it carries the name.

import { html } from "htm/preact";

/** @param {{name: string, class?: string}} props */
export function Icon({ name, class: more = "" }) {
  return html`<svg class=${`icon ${more}`} aria-hidden="true"><use href=${`/static/icons.svg#${name}`} /></svg>`;
}
