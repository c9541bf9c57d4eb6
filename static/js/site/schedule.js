// The lessons of a class: the next dates, their number, the schedule in words. Pure.

import { dateText, instantOf, lengthText, timeText, wallDay } from "./times.js";

/** @typedef {import("./api-types.js").Schedule} Schedule */

const DAY = 86_400_000;
export const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
export const WEEKDAY_NAMES = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** 0 is Monday. @param {string} day */
const weekday = (day) => (new Date(`${day}T00:00Z`).getUTCDay() + 6) % 7;
/** @param {string} day @param {number} days */
const later = (day, days) => new Date(Date.parse(`${day}T00:00Z`) + days * DAY).toISOString().slice(0, 10);

/**
 * The next lessons, with the one that is going on.
 * @param {Schedule} schedule @param {number} now @param {number} count @returns {{start: number, end: number}[]}
 */
export function nextDates(schedule, now, count) {
  const length = schedule.minutes * 60_000;
  /** @param {string} wall */
  const lesson = (wall) => {
    const start = instantOf(wall, schedule.zone);
    return { start, end: start + length };
  };
  if (schedule.kind === "single") return [lesson(schedule.start)].filter(({ end }) => end > now);
  const dates = [];
  const yesterday = wallDay(now - length - DAY, schedule.zone);
  let day = schedule.from > yesterday ? schedule.from : yesterday;
  for (; day <= schedule.until && dates.length < count; day = later(day, 1)) {
    if (!schedule.days.includes(weekday(day))) continue;
    const next = lesson(`${day}T${schedule.time}`);
    if (next.end > now) dates.push(next);
  }
  return dates;
}

/** The number of lessons of a class. @param {Schedule} schedule */
export function lessonCount(schedule) {
  if (schedule.kind === "single") return 1;
  const days = (Date.parse(`${schedule.until}T00:00Z`) - Date.parse(`${schedule.from}T00:00Z`)) / DAY + 1;
  let count = 0;
  for (let index = 0; index < days; index += 1)
    if (schedule.days.includes((weekday(schedule.from) + index) % 7)) count += 1;
  return count;
}

/** "Mon, Wed and Fri" @param {number[]} days */
export function daysText(days) {
  if (days.length === 7) return "Every day";
  if (days.length === 1) return `${WEEKDAY_NAMES[days[0]]}s`;
  const names = [...days].sort().map((day) => WEEKDAYS[day]);
  return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}

/** "Mon and Wed, 60 min, until 28 Feb 2027" @param {Schedule} schedule */
export function rhythm(schedule) {
  const length = lengthText(schedule.minutes);
  if (schedule.kind === "single") return `One lesson of ${length}`;
  const until = dateText(instantOf(`${schedule.until}T12:00`, schedule.zone), schedule.zone);
  return `${daysText(schedule.days)}, ${length} each, until ${until}`;
}

/** "6:00 – 7:00 pm" in a zone. @param {{start: number, end: number}} lesson @param {string} [zone] */
export function spanText({ start, end }, zone) {
  return `${timeText(start, zone)} – ${timeText(end, zone)}`;
}
