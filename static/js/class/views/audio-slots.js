// The hidden players of the receiving audio slots. When the browser wants a gesture first, the page says so.

import { useSignalEffect } from "@preact/signals";
import { html } from "htm/preact";
import { useRef } from "preact/hooks";
import { audioMids, streams } from "../arrangement.js";
import { media } from "../local.js";
import { dispatch } from "../store.js";

/** @param {{mid: string}} props */
function AudioSlot({ mid }) {
  const element = useRef(/** @type {HTMLAudioElement|null} */ (null));
  useSignalEffect(() => {
    const [player, stream] = [element.current, streams.value[mid]];
    if (!player || !stream || player.srcObject === stream) return;
    player.srcObject = stream;
    player.play().catch((error) => error.name === "NotAllowedError" && dispatch("sound-blocked", true));
  });
  useSignalEffect(() => {
    const speaker = media.choice.value.speaker;
    if (speaker && element.current && "setSinkId" in element.current)
      element.current.setSinkId(speaker).catch(() => {});
  });
  return html`<audio ref=${element} data-mid=${mid} autoplay></audio>`;
}

export function AudioSlots() {
  return html`<div hidden>${audioMids.value.map((mid) => html`<${AudioSlot} key=${mid} mid=${mid} />`)}</div>`;
}
