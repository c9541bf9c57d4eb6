// Keyboard shortcuts of the class: M V S H C P F, and Space to talk while it is held. They are off while a person
// types, and with a modifier.

import * as intents from "./intents.js";
import { media } from "./media.js";
import { phase, self } from "./store.js";

/** @type {Record<string, () => unknown>} */
const SHORTCUTS = {
  m: () => intents.toggleDevice("microphone"),
  v: () => intents.toggleDevice("camera"),
  s: () => self.value?.can.screen && intents.toggleScreen(),
  h: () => intents.toggleHand(),
  c: () => intents.togglePanel("chat"),
  p: () => intents.togglePanel("people"),
  f: () => intents.toggleFullscreen(),
};

/** @param {EventTarget|null} target */
function isTyping(target) {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/**
 * Whether Space would press this element: then it does not switch the microphone on.
 * @param {EventTarget|null} target
 */
function isPressable(target) {
  return target instanceof HTMLElement && target.closest("button, a, [role=menu], dialog, summary") !== null;
}

export function listenForKeys() {
  let talking = false;
  addEventListener("keydown", (event) => {
    if (phase.value !== "class" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === " " && !isPressable(event.target)) {
      event.preventDefault();
      if (event.repeat || talking || media.microphone.value.on || !self.value?.can.publish) return;
      talking = true;
      void media.set("microphone", true);
      return;
    }
    if (event.repeat || document.querySelector("dialog[open]")) return;
    SHORTCUTS[event.key.toLowerCase()]?.();
  });
  const stop = () => {
    if (talking) void media.set("microphone", false);
    talking = false;
  };
  addEventListener("keyup", (event) => event.key === " " && stop());
  addEventListener("blur", stop);
}
