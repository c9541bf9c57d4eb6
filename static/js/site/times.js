// Times in words: dates in a person's time zone, countdowns, names of zones. Times are ms since 1970. Pure, except that
// the browser's zone and language are read.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Zones that some browsers still call by an older name. @type {Record<string, string>} */
const RENAMED = {
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Europe/Kiev": "Europe/Kyiv",
};

/** @param {string} zone */
export const currentName = (zone) => RENAMED[zone] ?? zone;

/** The person's time zone. */
export const ownZone = () => currentName(new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");

/** The person's kind of English, for dates among English words. */
export function ownLocale() {
  const wanted = typeof navigator === "object" ? (navigator.languages ?? []) : [];
  return wanted.find((language) => /^en\b/.test(language)) ?? "en-IN";
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string} locale @param {Intl.DateTimeFormatOptions} options */
function format(locale, options) {
  const key = locale + JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(key, known);
  return known;
}

/** Keeps a number and its am or pm on one line. @param {string} text */
const glued = (text) => text.replace(/[\u202f ](?=[ap]\.?m\b)/gi, "\u00a0");

/** "Tue, 1 Dec" @param {number} at @param {string} [zone] @param {string} [locale] */
export function dayText(at, zone = ownZone(), locale = ownLocale()) {
  return format(locale, { timeZone: zone, weekday: "short", day: "numeric", month: "short" }).format(at);
}

/** "1 Dec 2026" @param {number} at @param {string} [zone] @param {string} [locale] */
export function dateText(at, zone = ownZone(), locale = ownLocale()) {
  return format(locale, { timeZone: zone, day: "numeric", month: "short", year: "numeric" }).format(at);
}

/** "6:00 pm" @param {number} at @param {string} [zone] @param {string} [locale] */
export function timeText(at, zone = ownZone(), locale = ownLocale()) {
  return glued(format(locale, { timeZone: zone, hour: "numeric", minute: "2-digit" }).format(at));
}

/**
 * "Today", "Tomorrow" or the day.
 * @param {number} at @param {number} now @param {string} [zone] @param {string} [locale]
 */
export function nearDay(at, now, zone = ownZone(), locale = ownLocale()) {
  const day = wallDay(at, zone);
  if (day === wallDay(now, zone)) return "Today";
  return day === wallDay(now + DAY, zone) ? "Tomorrow" : dayText(at, zone, locale);
}

/** The local date in a zone: "2026-12-01". @param {number} at @param {string} zone */
export function wallDay(at, zone) {
  return format("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(at);
}

/** The offset of a zone from UTC at an instant, in ms. @param {number} at @param {string} zone */
function offsetAt(at, zone) {
  const parts = Object.fromEntries(
    format("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    })
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  return (
    Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) -
    Math.floor(at / 1000) * 1000
  );
}

/**
 * The instant of a local time ("2026-12-01T18:00"). A time that comes twice means the first; one that never comes is
 * read with the offset before the change.
 * @param {string} wall @param {string} zone
 */
export function instantOf(wall, zone) {
  const asUtc = Date.parse(`${wall}Z`);
  const [before, after] = [offsetAt(asUtc - DAY, zone), offsetAt(asUtc + DAY, zone)];
  for (const offset of [before, after]) if (offsetAt(asUtc - offset, zone) === offset) return asUtc - offset;
  return asUtc - before;
}

/** "India Standard Time" @param {string} zone @param {number} [at] */
export function zoneName(zone, at = Date.now()) {
  const parts = format("en", { timeZone: zone, timeZoneName: "long" }).formatToParts(at);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? zone;
}

/** "UTC+5:30" @param {string} zone @param {number} at */
export function offsetText(zone, at) {
  const minutes = Math.round(offsetAt(at, zone) / MINUTE);
  const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return minutes === 0
    ? "UTC"
    : `UTC${minutes < 0 ? "−" : "+"}${hours}${rest ? `:${String(rest).padStart(2, "0")}` : ""}`;
}

/**
 * The time in the class's zone, when it differs from the person's: "6:00 pm India Standard Time".
 * @param {number} at @param {string} zone @param {string} [own] @param {string} [locale] @returns {string|null}
 */
export function foreignTime(at, zone, own = ownZone(), locale = ownLocale()) {
  if (offsetAt(at, zone) === offsetAt(at, own)) return null;
  const otherDay = wallDay(at, zone) === wallDay(at, own) ? "" : `${dayText(at, zone, locale)}, `;
  return `${otherDay}${timeText(at, zone, locale)} ${zoneName(zone, at)}`;
}

/**
 * "in 2 h", "in 12 min", "in 3 days"; null when it is past.
 * @param {number} at @param {number} now @returns {string|null}
 */
export function countdown(at, now) {
  const left = at - now;
  if (left <= 0) return null;
  if (left < MINUTE) return "in less than a minute";
  if (left < HOUR) return `in ${Math.round(left / MINUTE)} min`;
  if (left < 10 * HOUR && Math.floor((left % HOUR) / MINUTE))
    return `in ${Math.floor(left / HOUR)} h ${Math.floor((left % HOUR) / MINUTE)} min`;
  if (left < DAY) return `in ${Math.floor(left / HOUR)} h`;
  const days = Math.round(left / DAY);
  return days < 21 ? `in ${days} ${days === 1 ? "day" : "days"}` : `in ${Math.floor(left / (7 * DAY))} weeks`;
}

/** "just now", "5 min ago", "3 h ago", else the date. @param {number} at @param {number} now */
export function ago(at, now) {
  const past = now - at;
  if (past < MINUTE) return "just now";
  if (past < HOUR) return `${Math.floor(past / MINUTE)} min ago`;
  return past < DAY ? `${Math.floor(past / HOUR)} h ago` : dateText(at);
}

/** "45 min", "1 h", "1 h 30 min" @param {number} minutes */
export function lengthText(minutes) {
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return [hours && `${hours} h`, rest && `${rest} min`].filter(Boolean).join(" ") || "0 min";
}
