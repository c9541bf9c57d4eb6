// The side panel, a sheet on phones: chat or people.

import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../../ui/icon.js";
import { togglePanel } from "../intents.js";
import { panel, total, unread } from "../store.js";
import { Chat } from "./chat.js";
import { People } from "./people.js";

/** @param {{name: "chat"|"people", text: string, count: number}} props */
function Tab({ name, text, count }) {
  const selected = panel.value === name;
  return html`<button type="button" role="tab" class="tab" aria-selected=${selected}
      onClick=${() => !selected && togglePanel(name)}>
    ${text}
    ${count > 0 && html` <span class="figures quiet">${count}</span>`}
  </button>`;
}

export function Panel() {
  const box = useRef(/** @type {HTMLElement|null} */ (null));
  const name = panel.value;
  useEffect(() => {
    if (!name) return;
    const before = /** @type {HTMLElement|null} */ (document.activeElement);
    const wide = matchMedia("(min-width: 720px)").matches;
    if (wide) /** @type {HTMLElement|null|undefined} */ (box.current?.querySelector("textarea, input"))?.focus();
    return () => before?.isConnected && before.focus();
  }, [name]);
  if (!name) return null;
  const keys = (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && togglePanel(name);
  return html`<aside class="panel" ref=${box} aria-label=${name === "chat" ? "Chat" : "People"} onKeyDown=${keys}>
    <div class="panel-head">
      <div class="tabs" role="tablist">
        <${Tab} name="chat" text="Chat" count=${unread.value} />
        <${Tab} name="people" text="People" count=${total.value} />
      </div>
      <button type="button" class="icon-button" aria-label="Close panel" onClick=${() => togglePanel(name)}>
        <${Icon} name="x" />
      </button>
    </div>
    ${name === "chat" ? html`<${Chat} />` : html`<${People} />`}
  </aside>`;
}
