// What the page says unasked: a tone for a raised hand and for the beginning, trouble with a device, talking while
// muted.

import { effect } from "@preact/signals";
import { softTone } from "./devices.js";
import { media } from "./media.js";
import { dispatch, phase, started, toasts } from "./store.js";

const LISTEN_MS = 250;
/** Louder than this, for this long, is a voice and not a cough. */
const VOICE_LEVEL = 0.6;
const VOICE_TURNS = 5;
const REMIND_AGAIN_MS = 60_000;

function toneForHands() {
  let last = 0;
  effect(() => {
    const newest = toasts.value.filter((toast) => toast.kind === "hand").at(-1);
    if (newest && newest.id > last) softTone();
    last = Math.max(last, newest?.id ?? 0);
  });
}

function toneForTheBeginning() {
  let waited = false;
  effect(() => {
    const waits = phase.value === "class" && !started.value;
    if (waited && !waits && phase.value === "class") softTone(520);
    waited = waits;
  });
}

/** @param {"microphone"|"camera"|"screen"} kind */
function tellTrouble(kind) {
  /** @type {import("./types.js").Trouble|null} */
  let told = null;
  effect(() => {
    const { trouble } = media[kind].value;
    if (phase.value === "class" && trouble && trouble !== told)
      dispatch("toast", { kind: "warning", text: `${trouble.title}. ${trouble.advice}` });
    told = trouble;
  });
}

function remindTheMuted() {
  let turns = 0;
  let reminded = -Infinity;
  setInterval(() => {
    const talks =
      phase.value === "class" &&
      started.value &&
      !media.microphone.value.on &&
      (media.meter.value?.level() ?? 0) > VOICE_LEVEL;
    turns = talks ? turns + 1 : 0;
    if (turns < VOICE_TURNS || Date.now() - reminded < REMIND_AGAIN_MS) return;
    reminded = Date.now();
    dispatch("toast", { kind: "info", text: "You are muted. Press M to speak, or hold Space while you do." });
  }, LISTEN_MS);
}

export function beginNotices() {
  toneForHands();
  toneForTheBeginning();
  for (const kind of /** @type {const} */ (["microphone", "camera", "screen"])) tellTrouble(kind);
  remindTheMuted();
}
