// The page as a whole: which screen is shown, and what lies over every screen.

import { html } from "htm/preact";
import { DialogHost } from "../../ui/dialog.js";
import { MenuHost } from "../../ui/menu.js";
import { announcement, phase } from "../store.js";
import { AudioSlots } from "./audio-slots.js";
import { ClassPage } from "./lesson.js";
import { Over } from "./over.js";
import { Prejoin } from "./prejoin.js";
import { Toasts } from "./toasts.js";

function LiveRegions() {
  return html`
    <div class="visually-hidden" aria-live="polite">${announcement.value.polite}</div>
    <div class="visually-hidden" aria-live="assertive">${announcement.value.assertive}</div>
  `;
}

function Screen() {
  if (phase.value === "over") return html`<${Over} />`;
  if (phase.value === "returning")
    return html`<p class="loading" role="status">
      <span class="spinner" aria-hidden="true"></span>
      Back to your class…
    </p>`;
  if (phase.value === "class") return html`<${ClassPage} /><${AudioSlots} />`;
  return html`<${Prejoin} />`;
}

export function App() {
  return html`<${Screen} /><${Toasts} /><${MenuHost} /><${DialogHost} /><${LiveRegions} />`;
}
