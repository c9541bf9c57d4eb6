// A level meter that reacts to a voice: bars lit by class, so no style attribute is needed.

import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";
import { media } from "../local.js";

const BARS = 12;

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
