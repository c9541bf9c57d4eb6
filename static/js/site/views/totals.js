// What was taken and given back, by day as a plot and by class as a table.

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { Icon } from "../../views/icon.js";
import { get, withQuery } from "../api.js";
import { money } from "../money.js";
import { byClass, everyDay } from "../plot.js";
import { isA, now } from "../store.js";
import { ownZone, wallDay } from "../times.js";
import { useAsked } from "./hooks.js";
import { Empty, Field, Loaded } from "./parts.js";
import { Plot } from "./plot.js";

/** @typedef {{days: import("../types.js").DayTotal[], classes: any[], zone: string}} Answer */

const DAY = 86_400_000;
const SPANS = [7, 30, 90];

/** @param {{label: string, value: string, hint?: string}} props */
function Figure({ label, value, hint }) {
  return html`<div class="figure"><dt>${label}</dt><dd class="figures">${value}</dd>${hint && html`<span class="quiet small figures">${hint}</span>`}</div>`;
}

/** @param {{answer: Answer, from: string, to: string}} props */
function Sums({ answer, from, to }) {
  const classes = byClass(answer.days);
  const sum = (/** @type {"paid"|"refunded"|"count"} */ name) => classes.reduce((all, one) => all + one[name], 0);
  if (classes.length === 0) return html`<${Empty} icon="indian-rupee" title="No payments in these days"><p>Choose other days, or look at the orders.</p><a class="button" href="#orders">Orders</a><//>`;
  const [paid, refunded, count] = [sum("paid"), sum("refunded"), sum("count")];
  return html`<dl class="figure-row" data-testid="totals"><${Figure} label="Taken" value=${money(paid)} hint=${`${count} ${count === 1 ? "payment" : "payments"}`} /><${Figure} label="Refunded" value=${money(refunded)} /><${Figure} label="Kept" value=${money(paid - refunded)} /></dl>
    <${Plot} days=${everyDay(answer.days, from, to)} zone=${answer.zone} />
    <div class="table-frame" tabindex="0" role="region" aria-label="Totals by class"><table class="table"><thead><tr><th>Class</th><th class="number">Payments</th><th class="number">Taken</th><th class="number">Refunded</th><th class="number">Kept</th></tr></thead>
      <tbody>${classes.map((one) => html`<tr key=${one.classId}><td>${one.classId ? html`<a href=${`/teach/${one.classId}`}>${one.title}</a>` : one.title}</td><td class="number">${one.count}</td><td class="number">${money(one.paid)}</td><td class="number">${one.refunded ? money(one.refunded) : "–"}</td><td class="number">${money(one.paid - one.refunded)}</td></tr>`)}</tbody></table></div>`;
}

export function Totals() {
  const [to, setTo] = useState(wallDay(now.value, ownZone()));
  const [from, setFrom] = useState(wallDay(now.value - 29 * DAY, ownZone()));
  const asked = useAsked(/** @returns {Promise<Answer>} */ () => get(withQuery("/api/admin/totals", { from, to })), [from, to]);
  const choose = (/** @type {number} */ days) => {
    setTo(wallDay(now.value, ownZone()));
    setFrom(wallDay(now.value - (days - 1) * DAY, ownZone()));
  };
  return html`<div class="desk-tools">
      <div class="filters" role="group" aria-label="Days">${SPANS.map((days) => html`<button key=${days} type="button" class="filter" aria-pressed=${from === wallDay(now.value - (days - 1) * DAY, ownZone()) && to === wallDay(now.value, ownZone())} onClick=${() => choose(days)}>${days} days</button>`)}</div>
      <${Field} name="from" label="From" type="date" value=${from} max=${to} onInput=${(/** @type {string} */ day) => day && setFrom(day)} />
      <${Field} name="to" label="To" type="date" value=${to} min=${from} onInput=${(/** @type {string} */ day) => day && setTo(day)} />
      ${isA("admin") && html`<a class="button" href=${withQuery("/api/admin/ledger.csv", { from, to })} download data-testid="ledger-link"><${Icon} name="download" />Ledger (CSV)</a>`}
    </div>
    <${Loaded} of=${asked}>${(/** @type {Answer} */ answer) => html`<${Sums} answer=${answer} from=${from} to=${to} />`}<//>`;
}
