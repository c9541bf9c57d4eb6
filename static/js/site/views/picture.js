// The picture of a class: the teacher's, else a pattern of its title in its colour.

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { colourIndex } from "../../shared/text.js";
import { patternOf } from "../pattern.js";

/** @param {{title: string, url: string|null, eager?: boolean}} props */
export function Picture({ title, url, eager = false }) {
  const [broken, setBroken] = useState(false);
  if (url && !broken)
    return html`<div class="picture">
      <img src=${url} alt="" loading=${eager ? "eager" : "lazy"} decoding="async" onError=${() => setBroken(true)} />
    </div>`;
  return html`<div class=${`picture pattern colour-${colourIndex(title)}`} aria-hidden="true">
    <svg viewBox="0 0 160 100" preserveAspectRatio="xMidYMid slice">
      ${patternOf(title).map((path, tone) => html`<path key=${tone} class=${`tone-${tone}`} d=${path} />`)}
    </svg>
  </div>`;
}
