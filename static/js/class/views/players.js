// The players: muted pictures of a receiving slot or of the own track, shown from their first frame on, and the sound
// of the audio slots.

import { useSignalEffect } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { media } from "../media.js";
import { midShowing } from "../state.js";
import { audioMids, dispatch, slots, streams } from "../store.js";

/** @param {HTMLVideoElement|null} element @param {MediaStream|null} stream */
function attach(element, stream) {
  if (!element || element.srcObject === stream) return;
  element.classList.remove("is-playing");
  element.srcObject = stream;
  if (stream) element.play().catch(() => {});
}

/** @param {Event} event */
function onFrame(event) {
  const element = /** @type {HTMLVideoElement} */ (event.currentTarget);
  if (!element.videoWidth) return;
  element.classList.add("is-playing");
  element.classList.toggle("is-portrait", element.videoHeight > element.videoWidth);
}

/**
 * @param {{participant: string, source: "camera"|"screen", label: string,
 *   hold?: (element: HTMLVideoElement|null) => void}} props
 */
export function RemoteVideo({ participant, source, label, hold }) {
  const element = useRef(/** @type {HTMLVideoElement|null} */ (null));
  useSignalEffect(() => {
    const mid = midShowing(slots.value, participant, source);
    attach(element.current, mid === null ? null : (streams.value[mid] ?? null));
  });
  useEffect(() => {
    hold?.(element.current);
    return () => hold?.(null);
  }, []);
  return html`<video ref=${element} class=${`video video-${source}`} aria-label=${label} muted autoplay playsinline
      onLoadedData=${onFrame} onResize=${onFrame} onPlaying=${onFrame}></video>`;
}

/** @param {{track: MediaStreamTrack, label: string, mirrored?: boolean, source?: string}} props */
export function LocalVideo({ track, label, mirrored = false, source = "camera" }) {
  const element = useRef(/** @type {HTMLVideoElement|null} */ (null));
  const [stream] = useState(() => new MediaStream());
  useEffect(() => {
    for (const old of stream.getTracks()) stream.removeTrack(old);
    stream.addTrack(track);
    attach(element.current, null);
    attach(element.current, stream);
  }, [track]);
  return html`<video ref=${element} class=${`video video-${source} ${mirrored ? "is-mirrored" : ""}`}
      aria-label=${label} muted autoplay playsinline onLoadedData=${onFrame} onResize=${onFrame}
      onPlaying=${onFrame}></video>`;
}

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

/** The hidden players of the receiving audio slots. When the browser wants a gesture first, a banner asks for it. */
export function AudioSlots() {
  return html`<div hidden>${audioMids.value.map((mid) => html`<${AudioSlot} key=${mid} mid=${mid} />`)}</div>`;
}
