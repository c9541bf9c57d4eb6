// The controls of microphone, camera and speaker on the pre-join screen and in the toolbar: icon and name of the
// button, menu, level meter.

import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";
import { chooseDevice } from "../intents.js";
import { media } from "../media.js";

const HEADINGS = { microphone: "Microphone", speaker: "Speaker", camera: "Camera" };

/**
 * The id of the device in use: the open track's, else the chosen one, else the first.
 * @param {"microphone"|"camera"|"speaker"} kind
 */
export function deviceInUse(kind) {
  const track = kind === "speaker" ? null : media[kind].value.track;
  return track?.getSettings().deviceId ?? media.choice.value[kind] ?? media.devices.value[kind][0]?.id;
}

/** @param {("microphone"|"camera"|"speaker")[]} kinds @returns {import("../../ui/menu.js").MenuItem[]} */
export function deviceItems(kinds) {
  return kinds.flatMap((kind) => {
    const list = media.devices.value[kind];
    const none = { label: `No ${kind} found`, heading: true };
    const used = deviceInUse(kind);
    const items = list.map(({ id, label }) => ({ label, checked: id === used, run: () => chooseDevice(kind, id) }));
    return [
      { label: HEADINGS[kind], heading: true },
      ...(items.length ? items : kind === "speaker" ? [{ label: "System default", heading: true }] : [none]),
    ];
  });
}

/** The icon and the name of a device's button. @param {"microphone"|"camera"} kind */
export function deviceMark(kind) {
  const { on } = media[kind].value;
  const icons = kind === "camera" ? ["video", "video-off"] : ["mic", "mic-off"];
  return { icon: icons[on ? 0 : 1], label: `${HEADINGS[kind]}, ${on ? "on" : "off"}` };
}

const BARS = 12;

/** A level meter that reacts to a voice: bars lit by class, so no style attribute is needed. */
export function Meter() {
  const bars = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => {
    let frame = 0;
    let shown = 0;
    const draw = () => {
      const level = media.microphone.value.on ? (media.meter.value?.level() ?? 0) : 0;
      shown = Math.max(level, shown * 0.9);
      [...(bars.current?.children ?? [])].forEach((bar, index) =>
        bar.classList.toggle("is-lit", shown * BARS > index + 0.5),
      );
      frame = requestAnimationFrame(draw);
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, []);
  return html`<span class="meter" ref=${bars} role="img" aria-label="Microphone level">
    ${Array.from({ length: BARS }, (_, index) => html`<i key=${index}></i>`)}
  </span>`;
}
