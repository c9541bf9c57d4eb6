// A short message that disappears by itself; it stays while it is pointed at or has the focus.

import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icon.js";

/** @param {{text: string, kind: string, icon: string, ms: number, close: () => unknown, role?: string}} props */
export function Toast({ text, kind, icon, ms, close, role }) {
  const timer = useRef(/** @type {any} */ (undefined));
  const hold = () => clearTimeout(timer.current);
  const wait = () => {
    hold();
    timer.current = setTimeout(close, ms);
  };
  useEffect(() => {
    wait();
    return hold;
  }, []);
  return html`<div class="toast" data-testid="toast" data-kind=${kind} role=${role} onPointerEnter=${hold}
      onPointerLeave=${wait} onFocusIn=${hold} onFocusOut=${wait}>
    <${Icon} name=${icon} />
    <span>${text}</span>
    <button type="button" class="icon-button" aria-label="Dismiss" onClick=${close}><${Icon} name="x" /></button>
  </div>`;
}
