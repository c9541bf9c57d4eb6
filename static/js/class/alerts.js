// Alerts that the page gives by itself: a tone when a hand is raised and when the lesson starts, a toast when a device
// fails and when a muted person talks.

import { effect } from "@preact/signals";
import { softTone } from "./devices.js";
import { media } from "./media.js";
import { dispatch, phase, started, toasts } from "./store.js";

const CHECK_MS = 250;
/** A level above this for VOICE_CHECKS checks in a row is a voice and not a cough. */
const VOICE_LEVEL = 0.6;
const VOICE_CHECKS = 5;
const REMIND_AGAIN_MS = 60_000;

function toneForHands() {
  let last = 0;
  effect(() => {
    const newest = toasts.value.filter((toast) => toast.kind === "hand").at(-1);
    if (newest && newest.id > last) softTone();
    last = Math.max(last, newest?.id ?? 0);
  });
}

function toneForStart() {
  let waited = false;
  effect(() => {
    const waits = phase.value === "class" && !started.value;
    if (waited && !waits && phase.value === "class") softTone(520);
    waited = waits;
  });
}

/** @param {"microphone"|"camera"|"screen"} kind */
function toastTrouble(kind) {
  /** @type {import("./types.js").Trouble|null} */
  let told = null;
  effect(() => {
    const { trouble } = media[kind].value;
    if (phase.value === "class" && trouble && trouble !== told)
      dispatch("toast", { kind: "warning", text: `${trouble.title}. ${trouble.advice}` });
    told = trouble;
  });
}

function remindMuted() {
  let loud = 0;
  let reminded = -Infinity;
  setInterval(() => {
    const talks =
      phase.value === "class" &&
      started.value &&
      !media.microphone.value.on &&
      (media.meter.value?.level() ?? 0) > VOICE_LEVEL;
    loud = talks ? loud + 1 : 0;
    if (loud < VOICE_CHECKS || Date.now() - reminded < REMIND_AGAIN_MS) return;
    reminded = Date.now();
    dispatch("toast", { kind: "info", text: "You are muted. Press M to speak, or hold Space while you do." });
  }, CHECK_MS);
}

export function startAlerts() {
  toneForHands();
  toneForStart();
  for (const kind of /** @type {const} */ (["microphone", "camera", "screen"])) toastTrouble(kind);
  remindMuted();
}
