// The class page: the screen of the present phase, and over it toasts, menu, dialog and live regions.

import { html } from "htm/preact";
import { DialogHost } from "../../ui/dialog.js";
import { MenuHost } from "../../ui/menu.js";
import { Toast } from "../../ui/toast.js";
import { announcement, dispatch, phase, toasts } from "../store.js";
import { Lesson } from "./lesson.js";
import { Over } from "./over.js";
import { AudioSlots } from "./players.js";
import { Prejoin } from "./prejoin.js";

const TOAST_MS = 6000;
const TOAST_ICONS = { info: "info", warning: "circle-alert", danger: "circle-alert", hand: "hand" };

function Toasts() {
  return html`<div class="toasts">
    ${toasts.value.map(
      ({
        id,
        kind,
        text,
      }) => html`<${Toast} key=${id} text=${text} kind=${kind} icon=${TOAST_ICONS[kind]} ms=${TOAST_MS}
          role=${kind === "danger" ? "alert" : "status"} close=${() => dispatch("toast-gone", id)} />`,
    )}
  </div>`;
}

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
      Returning to the lesson…
    </p>`;
  if (phase.value === "class") return html`<${Lesson} /><${AudioSlots} />`;
  return html`<${Prejoin} />`;
}

export function App() {
  return html`<${Screen} /><${Toasts} /><${MenuHost} /><${DialogHost} /><${LiveRegions} />`;
}
