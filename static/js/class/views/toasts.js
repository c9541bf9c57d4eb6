// Short notices that go by themselves; hovering or focusing one keeps it.

import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../../ui/icon.js";
import { dispatch, toasts } from "../store.js";

const SHOWN_MS = 6000;
const ICONS = { info: "info", warning: "circle-alert", danger: "circle-alert", hand: "hand" };

/** @param {{toast: import("../types.js").Toast}} props */
function Toast({ toast }) {
  const timer = useRef(/** @type {any} */ (undefined));
  const close = () => dispatch("toast-gone", toast.id);
  const hold = () => clearTimeout(timer.current);
  const wait = () => {
    hold();
    timer.current = setTimeout(close, SHOWN_MS);
  };
  useEffect(() => {
    wait();
    return hold;
  }, []);
  return html`<div class="toast" data-testid="toast" data-kind=${toast.kind}
      role=${toast.kind === "danger" ? "alert" : "status"} onPointerEnter=${hold} onPointerLeave=${wait}
      onFocusIn=${hold} onFocusOut=${wait}>
    <${Icon} name=${ICONS[toast.kind]} />
    <span>${toast.text}</span>
    <button type="button" class="icon-button" aria-label="Dismiss" onClick=${close}><${Icon} name="x" /></button>
  </div>`;
}

export function Toasts() {
  return html`<div class="toasts">
    ${toasts.value.map((toast) => html`<${Toast} key=${toast.id} toast=${toast} />`)}
  </div>`;
}
