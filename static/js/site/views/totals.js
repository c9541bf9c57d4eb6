// Payments and refunds: by day as a plot, by class as a table.

import { html } from "htm/preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { get, withQuery } from "../../shared/api.js";
import { Icon } from "../../ui/icon.js";
import { money, shortMoney } from "../money.js";
import { isA, now } from "../page-state.js";
import { barsOf, byClass, everyDay } from "../plot.js";
import { dayText, ownZone, wallDay } from "../times.js";
import { useAsked } from "./hooks.js";
import { Empty, Field, Loaded } from "./parts.js";

/** @typedef {{days: import("../api-types.js").DayTotal[], classes: any[], zone: string}} Answer */

const DAY = 86_400_000;
const SPANS = [7, 30, 90];
const WIDTH = 880;
const HEIGHT = 220;
const LEFT = 64;
const FOOT = 28;
const LABELS = 8;

/** The label of a day's bar. @param {string} day @param {string} [zone] */
const name = (day, zone = "UTC") => dayText(Date.parse(`${day}T12:00Z`), zone);

/** @param {import("../plot.js").Day} total */
function dayInWords({ day, paid, refunded, count }) {
  const taken = `${money(paid)} taken in ${count} ${count === 1 ? "payment" : "payments"}`;
  return `${name(day)}: ${taken}${refunded ? `, ${money(refunded)} refunded` : ""}`;
}

/**
 * Bars of the payments (up) and refunds (down) of each day. The table below has the same numbers; a bar shows its own
 * when it is pointed at or reached with the arrow keys.
 * @param {{days: import("../plot.js").Day[], zone: string}} props
 */
function Plot({ days, zone }) {
  const [chosen, setChosen] = useState(/** @type {number|null} */ (null));
  const frame = useRef(/** @type {HTMLElement|null} */ (null));
  // When the plot is wider than its frame, the last days are shown.
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
  const words = total ? dayInWords(total) : `By day, in ${zone.replaceAll("_", " ")}`;
  return html`<figure class="plot" data-testid="plot">
    <figcaption class="figures" role="status">${words}</figcaption>
    <div class="plot-frame" ref=${frame}>
      <svg viewBox=${`0 -8 ${WIDTH} ${HEIGHT + FOOT + 8}`} role="img" tabindex="0"
          aria-label="Taken and refunded by day; arrow keys step through the days" onKeyDown=${move}
          onPointerLeave=${() => setChosen(null)} onBlur=${() => setChosen(null)}>
        ${ticks.map(
          ({ y, value }) => html`<g key=${value}>
            <line class=${value === 0 ? "plot-zero" : "plot-line"} x1=${LEFT} x2=${WIDTH} y1=${y} y2=${y} />
            <text class="plot-text" x=${LEFT - 10} y=${y + 4} text-anchor="end">
              ${value < 0 ? "−" : ""}
              ${shortMoney(Math.abs(value))}
            </text>
          </g>`,
        )}
        <g transform=${`translate(${LEFT} 0)`}>
          ${bars.map(
            (bar, index) => html`<g key=${bar.day} class="plot-day" data-chosen=${index === chosen}
                onPointerEnter=${() => setChosen(index)}>
              <rect class="plot-hit" x=${bar.x - 2} y="0" width=${bar.width + 4} height=${HEIGHT} />
              <rect class="plot-paid" x=${bar.x} y=${bar.paid.y} width=${bar.width} height=${bar.paid.height}
                  rx=${Math.min(3, bar.width / 2)} />
              <rect class="plot-refunded" x=${bar.x} y=${zero} width=${bar.width} height=${bar.refunded.height}
                  rx=${Math.min(3, bar.width / 2)} />
              ${
                index % every === 0 &&
                html`<text class="plot-text" x=${bar.x + bar.width / 2} y=${HEIGHT + 20} text-anchor="middle">
                  ${name(bar.day).replace(/^\w+, /, "")}
                </text>`
              }
            </g>`,
          )}
        </g>
      </svg>
    </div>
    <p class="plot-key small"><span class="key-paid"></span>Taken <span class="key-refunded"></span>Refunded</p>
  </figure>`;
}

/** @param {{label: string, value: string, hint?: string}} props */
function Figure({ label, value, hint }) {
  return html`<div class="figure">
    <dt>${label}</dt>
    <dd class="figures">${value}</dd>
    ${hint && html`<span class="quiet small figures">${hint}</span>`}
  </div>`;
}

/** @param {{answer: Answer, from: string, to: string}} props */
function Sums({ answer, from, to }) {
  const classes = byClass(answer.days);
  const sum = (/** @type {"paid"|"refunded"|"count"} */ name) => classes.reduce((all, one) => all + one[name], 0);
  if (classes.length === 0)
    return html`<${Empty} icon="indian-rupee" title="No payments in this period">
      <p>Choose other days, or look at the orders.</p>
      <a class="button" href="#orders">Orders</a>
    <//>`;
  const [paid, refunded, count] = [sum("paid"), sum("refunded"), sum("count")];
  return html`
    <dl class="figure-row" data-testid="totals">
      <${Figure} label="Taken" value=${money(paid)} hint=${`${count} ${count === 1 ? "payment" : "payments"}`} />
      <${Figure} label="Refunded" value=${money(refunded)} />
      <${Figure} label="Kept" value=${money(paid - refunded)} />
    </dl>
    <${Plot} days=${everyDay(answer.days, from, to)} zone=${answer.zone} />
    <div class="table-frame" tabindex="0" role="region" aria-label="Totals by class">
      <table class="table">
        <thead>
          <tr>
            <th>Class</th>
            <th class="number">Payments</th>
            <th class="number">Taken</th>
            <th class="number">Refunded</th>
            <th class="number">Kept</th>
          </tr>
        </thead>
        <tbody>
          ${classes.map(
            (one) => html`<tr key=${one.classId}>
              <td>${one.classId ? html`<a href=${`/teach/${one.classId}`}>${one.title}</a>` : one.title}</td>
              <td class="number">${one.count}</td>
              <td class="number">${money(one.paid)}</td>
              <td class="number">${one.refunded ? money(one.refunded) : "–"}</td>
              <td class="number">${money(one.paid - one.refunded)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

export function Totals() {
  const [to, setTo] = useState(wallDay(now.value, ownZone()));
  const [from, setFrom] = useState(wallDay(now.value - 29 * DAY, ownZone()));
  const asked = useAsked(
    /** @returns {Promise<Answer>} */ () => get(withQuery("/api/admin/totals", { from, to })),
    [from, to],
  );
  const choose = (/** @type {number} */ days) => {
    setTo(wallDay(now.value, ownZone()));
    setFrom(wallDay(now.value - (days - 1) * DAY, ownZone()));
  };
  return html`
    <div class="desk-tools">
      <div class="filters" role="group" aria-label="Days">
        ${SPANS.map(
          (days) =>
            html`<button key=${days} type="button" class="filter" aria-pressed=${
              from === wallDay(now.value - (days - 1) * DAY, ownZone()) && to === wallDay(now.value, ownZone())
            } onClick=${() => choose(days)}>${days} days</button>`,
        )}
      </div>
      <${Field} name="from" label="From" type="date" value=${from} max=${to}
          onInput=${(/** @type {string} */ day) => day && setFrom(day)} />
      <${Field} name="to" label="To" type="date" value=${to} min=${from}
          onInput=${(/** @type {string} */ day) => day && setTo(day)} />
      ${
        isA("admin") &&
        html`<a class="button" href=${withQuery("/api/admin/ledger.csv", { from, to })} download
            data-testid="ledger-link"><${Icon} name="download" />Ledger (CSV)</a>`
      }
    </div>
    <${Loaded} of=${asked}>
      ${(/** @type {Answer} */ answer) => html`<${Sums} answer=${answer} from=${from} to=${to} />`}
    <//>
  `;
}
