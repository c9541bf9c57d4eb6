// Reactions that rise at the side of the stage with the names of their senders.

import { html } from "htm/preact";
import { useEffect } from "preact/hooks";
import { dispatch, reactions } from "../store.js";

const SHOWN_MS = 4000;

/** @type {Record<string, {symbol: string, label: string}>} */
export const REACTIONS = {
  "thumbs-up": { symbol: "👍", label: "Thumbs up" },
  clap: { symbol: "👏", label: "Applause" },
  heart: { symbol: "❤️", label: "Heart" },
  laugh: { symbol: "😂", label: "Laugh" },
  surprised: { symbol: "😮", label: "Surprised" },
  celebrate: { symbol: "🎉", label: "Celebrate" },
};

/** @param {{reaction: import("../types.js").Reaction}} props */
function Reaction({ reaction }) {
  useEffect(() => {
    const timer = setTimeout(() => dispatch("reaction-gone", reaction.id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, []);
  return html`<div class=${`reaction lane-${reaction.id % 3}`}>
    <span class="reaction-symbol">${REACTIONS[reaction.kind]?.symbol}</span>
    <span class="reaction-name">${reaction.name}</span>
  </div>`;
}

export function Reactions() {
  return html`<div class="reactions" aria-hidden="true">
    ${reactions.value.map((one) => html`<${Reaction} key=${one.id} reaction=${one} />`)}
  </div>`;
}
