// Before the class begins: what one waits for.

import { html } from "htm/preact";
import { Icon } from "../../ui/icon.js";
import { title, total } from "../store.js";

export function Waiting() {
  const others = total.value - 1;
  const company =
    others <= 0
      ? "You are the first one here."
      : others === 1
        ? "One other person is here."
        : `${others} others are here.`;
  return html`<section class="waiting" data-testid="waiting" aria-label="Waiting for the class">
    <div class="waiting-mark"><${Icon} name="clock" /></div>
    <h2>${title.value || "The class"} has not begun yet</h2>
    <p>It starts as soon as the teacher is here; this page changes by itself.</p>
    <p class="quiet">${company} You can write in the chat.</p>
  </section>`;
}
