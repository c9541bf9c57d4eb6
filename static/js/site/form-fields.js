// The teacher's forms of a class and of a coupon: fields as they are typed, the fault of each field, the body that is
// sent. Pure.

import { paiseOf, rupeesOf } from "./money.js";
import { instantOf } from "./times.js";

/**
 * The fields of a class, as they are typed.
 * @typedef {object} Fields
 * @property {string} title
 * @property {string} description
 * @property {boolean} paid
 * @property {string} price       rupees
 * @property {string} seats       empty: no limit
 * @property {"single"|"weekly"} kind
 * @property {string} date        the day of a single lesson, the first day of a weekly class
 * @property {string} time
 * @property {string} until
 * @property {number[]} days
 * @property {string} minutes
 * @property {string} zone
 * @property {string} trialMinutes
 * @property {string} accessDays  empty: to the end
 */

/** @typedef {Partial<Record<keyof Fields|"form", string>>} Faults */

/** @param {string} zone @returns {Fields} */
export function emptyFields(zone) {
  return {
    title: "",
    description: "",
    paid: true,
    price: "",
    seats: "",
    kind: "single",
    date: "",
    time: "18:00",
    until: "",
    days: [],
    minutes: "60",
    zone,
    trialMinutes: "",
    accessDays: "",
  };
}

/** @param {import("./api-types.js").Class} class_ @returns {Fields} */
export function fieldsOf({ title, description, price, seats, schedule, trialMinutes, accessDays }) {
  const [date, time] = schedule.kind === "single" ? schedule.start.split("T") : [schedule.from, schedule.time];
  const { until = "", days = [] } = schedule.kind === "weekly" ? schedule : {};
  const text = (/** @type {number|null} */ value) => (value ? String(value) : "");
  return {
    ...{
      title,
      description,
      paid: price > 0,
      price: price ? rupeesOf(price) : "",
      seats: text(seats),
      kind: schedule.kind,
      date,
      time: time.slice(0, 5),
      until,
      days,
    },
    ...{
      minutes: String(schedule.minutes),
      zone: schedule.zone,
      trialMinutes: text(trialMinutes),
      accessDays: text(accessDays),
    },
  };
}

/** @param {string} typed @param {number} least @param {number} most @returns {number|null} */
function whole(typed, least, most) {
  const value = /^\d{1,6}$/.test(typed.trim()) ? Number(typed) : NaN;
  return value >= least && value <= most ? value : null;
}

/** @param {Fields} fields @param {number} now @param {boolean} isNew only a new class must lie ahead */
function scheduleFaults(fields, now, isNew) {
  /** @type {Faults} */
  const faults = {};
  const weekly = fields.kind === "weekly";
  if (!fields.date) faults.date = weekly ? "Choose the first day." : "Choose the day.";
  if (!fields.time) faults.time = "Choose the time.";
  if (whole(fields.minutes, 5, 720) === null) faults.minutes = "Choose a length from 5 to 720 minutes (12 hours).";
  if (weekly && fields.days.length === 0) faults.days = "Choose at least one day of the week.";
  if (weekly && !fields.until) faults.until = "Choose the last day.";
  if (weekly && fields.until && fields.date && fields.until < fields.date)
    faults.until = "The last day is before the first day.";
  const late =
    !weekly && isNew && !faults.date && !faults.time && instantOf(`${fields.date}T${fields.time}`, fields.zone) < now;
  if (late) faults.date = "This time has already passed.";
  return faults;
}

/**
 * The faults of the form, a sentence a field; without any it may be sent.
 * @param {Fields} fields @param {number} now @param {boolean} [isNew] @returns {Faults}
 */
export function faultsOf(fields, now, isNew = true) {
  const faults = scheduleFaults(fields, now, isNew);
  const title = fields.title.trim();
  if (title.length < 3) faults.title = "Give the class a title of at least 3 letters.";
  else if (title.length > 120) faults.title = "Use at most 120 letters.";
  if (fields.description.length > 10_000) faults.description = "Use at most 10,000 letters.";
  const paise = paiseOf(fields.price);
  if (fields.paid && paise === null) faults.price = "Type the price in rupees, like 499 or 499.50.";
  else if (fields.paid && paise !== null && paise < 100) faults.price = "Charge at least ₹1, or make the class free.";
  if (fields.seats.trim() && whole(fields.seats, 1, 10_000) === null)
    faults.seats = "Type a number from 1 to 10,000, or leave this empty for no limit.";
  if (fields.trialMinutes.trim() && whole(fields.trialMinutes, 0, 600) === null)
    faults.trialMinutes = "Type at most 600 minutes, or leave this empty for no trial.";
  if (fields.accessDays.trim() && whole(fields.accessDays, 1, 3650) === null)
    faults.accessDays = "Type a number of days, or leave this empty for access to the last lesson.";
  return faults;
}

/** @param {Fields} fields @returns {import("./api-types.js").Schedule} */
export function scheduleOf({ kind, date, time, until, days, minutes, zone }) {
  const length = Number(minutes);
  if (kind === "single") return { kind, start: `${date}T${time}`, minutes: length, zone };
  return { kind, days: [...days].sort(), time, from: date, until, minutes: length, zone };
}

/** The body of the request. @param {Fields} fields */
export function bodyOf(fields) {
  return {
    title: fields.title.trim(),
    description: fields.description.trim(),
    price: fields.paid ? paiseOf(fields.price) : 0,
    seats: fields.seats.trim() ? Number(fields.seats) : null,
    schedule: scheduleOf(fields),
    trialMinutes: Number(fields.trialMinutes.trim() || 0),
    accessDays: fields.accessDays.trim() ? Number(fields.accessDays) : null,
  };
}

/** The form's field for a field that the server refused. @param {string|null} field @returns {keyof Faults} */
export function fieldNamed(field) {
  const name = (field ?? "").split(".").at(-1) ?? "";
  const ours =
    /** @type {Record<string, keyof Faults>} */ ({ start: "date", from: "date", schedule: "date" })[name] ?? name;
  return ours in emptyFields("") ? /** @type {keyof Faults} */ (ours) : "form";
}

/** @returns {{code: string, kind: string, value: string, maxUses: string, lastDay: string}} all as typed */
export function emptyCoupon() {
  return { code: "", kind: "percent", value: "", maxUses: "", lastDay: "" };
}

/** @param {ReturnType<typeof emptyCoupon>} fields @returns {Record<string, string>} a sentence a field */
export function couponFaults({ code, kind, value, maxUses }) {
  /** @type {Record<string, string>} */
  const faults = {};
  if (!/^[A-Za-z0-9-]{3,40}$/.test(code.trim())) faults.code = "Use 3 to 40 letters, digits or hyphens.";
  const percent = /^\d{1,3}$/.test(value.trim()) ? Number(value) : 0;
  if (kind === "percent" && (percent < 1 || percent > 100)) faults.value = "Type a number from 1 to 100.";
  if (kind === "amount" && !paiseOf(value)) faults.value = "Type an amount in rupees, like 200.";
  if (maxUses.trim() && !/^[1-9]\d{0,5}$/.test(maxUses.trim()))
    faults.maxUses = "Type a number, or leave this empty for no limit.";
  return faults;
}

/**
 * The body of the request. A coupon ends with its last day, in the time zone of the class.
 * @param {ReturnType<typeof emptyCoupon>} fields @param {string} classId @param {string} zone
 */
export function couponBody({ code, kind, value, maxUses, lastDay }, classId, zone) {
  return {
    code: code.trim().toUpperCase(),
    classId,
    kind,
    value: kind === "percent" ? Number(value) : paiseOf(value),
    maxUses: maxUses.trim() ? Number(maxUses) : null,
    expiresAt: lastDay ? instantOf(`${lastDay}T23:59`, zone) + 59_999 : null,
  };
}
