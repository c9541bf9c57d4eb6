// One page of the gallery: a grid of tiles that fits its space; buttons and swipes turn the page.

import { useSignalEffect } from "@preact/signals";
import { html } from "htm/preact";
import { useRef } from "preact/hooks";
import { Icon } from "../../ui/icon.js";
import { goToPage } from "../intents.js";
import { galleryPage, gallerySpace, grid } from "../store.js";
import { useMeasured } from "./measure.js";
import { SelfTile, Tile } from "./tile.js";

const SWIPE = 48;

/** @param {KeyboardEvent} event arrow keys move the focus from tile to tile */
function moveFocus(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const tiles = [.../** @type {HTMLElement} */ (event.currentTarget).querySelectorAll(".tile")];
  const here = tiles.indexOf(/** @type {Element} */ (event.target));
  if (!step || here < 0) return;
  event.preventDefault();
  /** @type {HTMLElement|undefined} */ (tiles[here + step])?.focus();
}

/** @param {{label: string, icon: string, to: number, disabled: boolean}} props */
function PageButton({ label, icon, to, disabled }) {
  return html`<button type="button" class=${`turn turn-${icon}`} aria-label=${label} disabled=${disabled}
      onClick=${() => goToPage(to)}><${Icon} name=${icon} /></button>`;
}

export function Gallery() {
  const space = useRef(/** @type {HTMLDivElement|null} */ (null));
  const list = useRef(/** @type {HTMLUListElement|null} */ (null));
  const swipe = useRef(/** @type {number|null} */ (null));
  useMeasured(space, gallerySpace);
  useSignalEffect(() => {
    list.current?.style.setProperty("--tile-width", `${grid.value.width}px`);
    list.current?.style.setProperty("--grid-width", `${grid.value.columns * (grid.value.width + 8)}px`);
  });
  const { pages, page, items } = galleryPage.value;
  const end = (/** @type {PointerEvent} */ event) => {
    const moved = swipe.current === null ? 0 : event.clientX - swipe.current;
    swipe.current = null;
    if (Math.abs(moved) > SWIPE) goToPage(Math.min(pages - 1, Math.max(0, page - Math.sign(moved))));
  };
  const begin = (/** @type {PointerEvent} */ event) =>
    (swipe.current = event.pointerType === "touch" ? event.clientX : null);
  return html`<section class="gallery" data-paged=${pages > 1} aria-label="People" data-testid="gallery">
    ${
      pages > 1 &&
      html`<${PageButton} label="Previous page" icon="chevron-left" to=${page - 1} disabled=${page === 0} />`
    }
    <div class="gallery-space" ref=${space} onPointerDown=${begin} onPointerUp=${end}>
      <ul class="gallery-grid" ref=${list} onKeyDown=${moveFocus}>
        ${items.map((id, index) => html`<${Tile} key=${id} id=${id} first=${index === 0} />`)}
        ${(grid.value.size > 1 || items.length === 0) && html`<${SelfTile} key="self" />`}
      </ul>
    </div>
    ${
      pages > 1 &&
      html`<${PageButton} label="Next page" icon="chevron-right" to=${page + 1} disabled=${page === pages - 1} />`
    }
    ${
      pages > 1 &&
      html`<p class="gallery-pages" aria-label=${`Page ${page + 1} of ${pages}`}>
        ${page + 1}
        <span class="quiet"> / ${pages}</span>
      </p>`
    }
  </section>`;
}
