// Bars of what was taken (up) and refunded (down) each day. The table beneath says the same in numbers; a bar says its own when pointed at or stepped to.

import { html } from "htm/preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { money, shortMoney } from "../money.js";
import { barsOf } from "../plot.js";
import { dayText } from "../times.js";

const WIDTH = 880;
const HEIGHT = 220;
const LEFT = 64;
const FOOT = 28;
const LABELS = 8;

/** @param {string} day @param {string} [zone] */
const name = (day, zone = "UTC") => dayText(Date.parse(`${day}T12:00Z`), zone);

/** @param {{days: import("../plot.js").Day[], zone: string}} props */
export function Plot({ days, zone }) {
  const [chosen, setChosen] = useState(/** @type {number|null} */ (null));
  const frame = useRef(/** @type {HTMLElement|null} */ (null));
  // Where all of it does not fit, the last days are what is looked for.
  useLayoutEffect(() => void frame.current?.scrollTo({ left: frame.current.scrollWidth }), [days.length]);
  const { bars, zero, ticks } = barsOf(days, { width: WIDTH - LEFT, height: HEIGHT });
  const every = Math.ceil(bars.length / LABELS);
  const total = chosen === null ? null : days[chosen];
  const move = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    setChosen(Math.min(days.length - 1, Math.max(0, (chosen ?? days.length) + step)));
  };
  const words = total ? `${name(total.day)}: ${money(total.paid)} taken in ${total.count} ${total.count === 1 ? "payment" : "payments"}${total.refunded ? `, ${money(total.refunded)} refunded` : ""}` : `By day, in ${zone.replaceAll("_", " ")}`;
  return html`<figure class="plot" data-testid="plot"><figcaption class="figures" role="status">${words}</figcaption>
    <div class="plot-frame" ref=${frame}><svg viewBox=${`0 -8 ${WIDTH} ${HEIGHT + FOOT + 8}`} role="img" tabindex="0" aria-label="Taken and refunded by day; arrow keys step through the days" onKeyDown=${move} onPointerLeave=${() => setChosen(null)} onBlur=${() => setChosen(null)}>
      ${ticks.map(({ y, value }) => html`<g key=${value}><line class=${value === 0 ? "plot-zero" : "plot-line"} x1=${LEFT} x2=${WIDTH} y1=${y} y2=${y} /><text class="plot-text" x=${LEFT - 10} y=${y + 4} text-anchor="end">${value < 0 ? "−" : ""}${shortMoney(Math.abs(value))}</text></g>`)}
      <g transform=${`translate(${LEFT} 0)`}>${bars.map((bar, index) => html`<g key=${bar.day} class="plot-day" data-chosen=${index === chosen} onPointerEnter=${() => setChosen(index)}>
        <rect class="plot-hit" x=${bar.x - 2} y="0" width=${bar.width + 4} height=${HEIGHT} />
        <rect class="plot-paid" x=${bar.x} y=${bar.paid.y} width=${bar.width} height=${bar.paid.height} rx=${Math.min(3, bar.width / 2)} />
        <rect class="plot-refunded" x=${bar.x} y=${zero} width=${bar.width} height=${bar.refunded.height} rx=${Math.min(3, bar.width / 2)} />
        ${index % every === 0 && html`<text class="plot-text" x=${bar.x + bar.width / 2} y=${HEIGHT + 20} text-anchor="middle">${name(bar.day).replace(/^\w+, /, "")}</text>`}
      </g>`)}</g>
    </svg></div>
    <p class="plot-key small"><span class="key-paid"></span>Taken <span class="key-refunded"></span>Refunded</p>
  </figure>`;
}
