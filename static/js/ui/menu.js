// The one open menu, drawn at the end of the page over everything: arrow keys move, Escape closes, the focus returns.

import { signal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icon.js";

/**
 * @typedef {{label: string, icon?: string, hint?: string, symbol?: string, checked?: boolean, danger?: boolean,
 *   heading?: boolean, run?: () => unknown}} MenuItem
 */

const open = signal(/** @type {{anchor: HTMLElement, label: string, items: MenuItem[]}|null} */ (null));

/** @param {HTMLElement} anchor @param {string} label @param {MenuItem[]} items */
export function openMenu(anchor, label, items) {
  open.value = open.value?.anchor === anchor ? null : { anchor, label, items };
}

function closeMenu() {
  const anchor = open.value?.anchor;
  open.value = null;
  anchor?.focus();
}

/**
 * Places the menu above or below its anchor, inside the window.
 * @param {HTMLElement} menu @param {HTMLElement} anchor
 */
function place(menu, anchor) {
  const [box, own] = [anchor.getBoundingClientRect(), menu.getBoundingClientRect()];
  const above = box.top > own.height + 12 && box.bottom > innerHeight / 2;
  const left = Math.min(Math.max(8, box.left + box.width / 2 - own.width / 2), innerWidth - own.width - 8);
  menu.style.setProperty("--menu-x", `${left}px`);
  menu.style.setProperty("--menu-y", `${Math.max(8, above ? box.top - own.height - 8 : box.bottom + 8)}px`);
}

/** @param {KeyboardEvent} event */
function move(event) {
  const list = /** @type {HTMLElement} */ (event.currentTarget);
  const items = [...list.querySelectorAll("button")];
  const here = items.indexOf(/** @type {any} */ (document.activeElement));
  /** @type {Record<string, number>} */
  const target = {
    ArrowDown: here + 1,
    ArrowRight: here + 1,
    ArrowUp: here - 1,
    ArrowLeft: here - 1,
    Home: 0,
    End: -1,
  };
  if (event.key === "Escape" || event.key === "Tab") closeMenu();
  else if (event.key in target) items.at(target[event.key] % items.length)?.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** @param {{item: MenuItem}} props */
function Item({ item }) {
  if (item.heading) return html`<li class="menu-heading" role="presentation">${item.label}</li>`;
  const choose = () => {
    closeMenu();
    item.run?.();
  };
  if (item.symbol)
    return html`<li class="menu-symbol" role="none">
      <button type="button" class="symbol" role="menuitem" aria-label=${item.label} onClick=${choose}>
        ${item.symbol}
      </button>
    </li>`;
  const role = item.checked === undefined ? "menuitem" : "menuitemradio";
  return html`<li role="none">
    <button type="button" class="menu-item" role=${role} aria-checked=${item.checked} data-danger=${item.danger}
        onClick=${choose}>
      ${
        item.checked === undefined
          ? item.icon && html`<${Icon} name=${item.icon} />`
          : html`<${Icon} name="check" class=${item.checked ? "" : "is-blank"} />`
      }
      <span>${item.label}</span>
      ${item.hint && html`<kbd>${item.hint}</kbd>`}
    </button>
  </li>`;
}

export function MenuHost() {
  const list = useRef(/** @type {HTMLUListElement|null} */ (null));
  const current = open.value;
  useLayoutEffect(() => {
    if (!current || !list.current) return;
    place(list.current, current.anchor);
    list.current.querySelector("button")?.focus();
  }, [current]);
  useEffect(() => {
    if (!current) return;
    const away = (/** @type {Event} */ event) => {
      const target = /** @type {Node} */ (event.target);
      if (!list.current?.contains(target) && !current.anchor.contains(target)) open.value = null;
    };
    addEventListener("pointerdown", away, true);
    addEventListener("resize", closeMenu);
    return () => {
      removeEventListener("pointerdown", away, true);
      removeEventListener("resize", closeMenu);
    };
  }, [current]);
  if (!current) return null;
  return html`<ul ref=${list} class="menu" role="menu" aria-label=${current.label} onKeyDown=${move}>
    ${current.items.map((item) => html`<${Item} key=${item.label} item=${item} />`)}
  </ul>`;
}

/**
 * A button that opens a menu.
 * @param {{label: string, icon: string, items: () => MenuItem[], class?: string, testid?: string, text?: string,
 *   tabindex?: number}} props
 */
export function MenuButton({ label, icon, items, class: more = "icon-button", testid, text, tabindex }) {
  const toggle = (/** @type {MouseEvent} */ event) => {
    event.stopPropagation();
    openMenu(/** @type {HTMLElement} */ (event.currentTarget), label, items());
  };
  return html`<button type="button" class=${more} aria-haspopup="menu" aria-expanded=${open.value?.label === label}
      aria-label=${label} data-tooltip=${label} data-testid=${testid} tabindex=${tabindex} onClick=${toggle}>
    <${Icon} name=${icon} />
    ${text && html`<span class="tool-label">${text}</span>`}
  </button>`;
}
