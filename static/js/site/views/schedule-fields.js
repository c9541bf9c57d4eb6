// The fields of the schedule: once or every week, in a time zone; a preview shows the first dates.

import { html } from "htm/preact";
import { faultsOf, scheduleOf } from "../form-fields.js";
import { nextDates, spanText, WEEKDAYS, WEEKDAY_NAMES } from "../schedule.js";
import { currentName, dayText, foreignTime, offsetText, ownZone } from "../times.js";
import { Field } from "./parts.js";

/** @typedef {import("../form-fields.js").Fields} Fields */

const LENGTHS = ["30", "45", "60", "90", "120"];

/** All time zones the browser knows, the likely ones first. @param {string} chosen @returns {string[]} */
function zonesWith(chosen) {
  const all = Intl.supportedValuesOf("timeZone").map(currentName);
  return [...new Set(["Asia/Kolkata", ownZone(), chosen, ...all])];
}

/** @param {{days: number[], choose: (days: number[]) => void, error?: string}} props */
function Days({ days, choose, error }) {
  const turn = (/** @type {number} */ day) =>
    choose(days.includes(day) ? days.filter((one) => one !== day) : [...days, day].sort());
  return html`<fieldset class="form-field days" aria-describedby="days-note">
    <legend class="label">Days</legend>
    <div class="day-row">
      ${WEEKDAYS.map(
        (name, day) => html`<label key=${name} class="day">
          <input type="checkbox" checked=${days.includes(day)} aria-label=${WEEKDAY_NAMES[day]}
              aria-invalid=${error ? "true" : undefined} onChange=${() => turn(day)} />
          <span aria-hidden="true">${name}</span>
        </label>`,
      )}
    </div>
    <p class="field-error" id="days-note">${error}</p>
  </fieldset>`;
}

/** The next dates of the schedule that is typed. @param {{fields: Fields}} props */
function Preview({ fields }) {
  const faults = faultsOf(fields, 0, false);
  if (faults.date || faults.time || faults.until || faults.days || faults.minutes) return null;
  const dates = nextDates(scheduleOf(fields), Date.now(), 3);
  if (dates.length === 0) return html`<p class="field-hint" role="status">All lessons are in the past.</p>`;
  const foreign = foreignTime(dates[0].start, fields.zone);
  return html`<p class="field-hint" role="status" data-testid="schedule-preview">
    ${fields.kind === "weekly" ? "Next: " : ""}
    ${dates.map((one) => `${dayText(one.start, fields.zone)} ${spanText(one, fields.zone)}`).join(" · ")}
    ${foreign && ` (for you ${dayText(dates[0].start)}, ${spanText(dates[0])})`}
  </p>`;
}

/**
 * @param {{fields: Fields, set: (change: Partial<Fields>) => void, bind: import("./class-form.js").Bind,
 *   faults: import("../form-fields.js").Faults}} props
 */
export function ScheduleFields({ fields, set, bind, faults }) {
  const weekly = fields.kind === "weekly";
  const at = Date.now();
  return html`<fieldset class="desk-card">
    <legend>When</legend>
    <div class="segments" role="radiogroup" aria-label="How often">
      ${[
        ["single", "Once"],
        ["weekly", "Every week"],
      ].map(
        ([kind, label]) =>
          html`<label key=${kind} class="segment">
            <input type="radio" name="kind" value=${kind} checked=${fields.kind === kind}
                onChange=${() => set({ kind: /** @type {any} */ (kind) })} />
            <span>${label}</span>
          </label>`,
      )}
    </div>
    ${
      weekly &&
      html`<${Days} days=${fields.days} choose=${(/** @type {number[]} */ days) => set({ days })}
          error=${faults.days} />`
    }
    <div class="form-row">
      <${Field} label=${weekly ? "First day" : "Day"} type="date" ...${bind("date")} />
      ${weekly && html`<${Field} label="Last day" type="date" min=${fields.date} ...${bind("until")} />`}
      <${Field} label="Time" type="time" ...${bind("time")} />
      <${Field} label="Length" after="min" inputmode="numeric" list="lengths" autocomplete="off"
          ...${bind("minutes")} />
      <datalist id="lengths">${LENGTHS.map((value) => html`<option key=${value} value=${value}></option>`)}</datalist>
    </div>
    <${Field} label="Time zone" type="select" ...${bind("zone")} hint="Everyone sees the times in their own zone.">
      ${zonesWith(fields.zone).map(
        (zone) => html`<option key=${zone} value=${zone}>
          ${zone.replaceAll("_", " ")} (${offsetText(zone, at)})
        </option>`,
      )}
    <//>
    <${Preview} fields=${fields} />
  </fieldset>`;
}
