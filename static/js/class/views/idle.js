// True when the page is full screen and nobody has moved for four seconds: then the bar hides.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

const IDLE_MS = 4000;

export function useIdle() {
  const idle = useSignal(false);
  useEffect(() => {
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    let timer;
    const stir = () => {
      clearTimeout(timer);
      idle.value = false;
      if (document.fullscreenElement) timer = setTimeout(() => (idle.value = true), IDLE_MS);
    };
    const events = ["pointermove", "pointerdown", "keydown", "focusin", "fullscreenchange"];
    for (const event of events) addEventListener(event, stir, { passive: true });
    return () => {
      clearTimeout(timer);
      for (const event of events) removeEventListener(event, stir);
    };
  }, []);
  return idle;
}
