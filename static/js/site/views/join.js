// The button into the live class; it comes alive when the class opens.

import { html } from "htm/preact";
import { Icon } from "../../ui/icon.js";
import { entryOf } from "../offer.js";
import { now } from "../page-state.js";

/** @param {{class_: import("../api-types.js").Class, wide?: boolean}} props */
export function Join({ class_, wide = false }) {
  const { open, live, label, hint } = entryOf(class_, now.value);
  const more = wide ? "button-large button-wide" : "";
  return html`<div class="join" data-open=${open} data-live=${live}>
    ${
      open
        ? html`<a class=${`button button-primary ${more}`} href=${`/class/${class_.id}`} data-testid="join-link">
          ${live ? html`<span class="live-dot" aria-hidden="true"></span>` : html`<${Icon} name="video" />`}
          ${label}
        </a>`
        : html`<button type="button" class=${`button ${more}`} disabled data-testid="join-closed">
          <${Icon} name="video" />
          ${label}
        </button>`
    }
    ${hint && html`<p class="quiet small">${hint}</p>`}
  </div>`;
}
