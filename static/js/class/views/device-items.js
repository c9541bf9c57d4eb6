// The menus that choose among microphones, speakers and cameras.

import { chooseDevice } from "../intents.js";
import { media } from "../local.js";

const HEADINGS = { microphone: "Microphone", speaker: "Speaker", camera: "Camera" };

/**
 * The id in use: what the open track says, else what was chosen, else the first.
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
