// What the site's pages decide without a browser: words of money and time, schedules, forms, offers, plots, addresses.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, emptyFields, faultsOf, fieldNamed, fieldsOf } from "../../static/js/site/class-form.js";
import { couponBody, couponFaults, emptyCoupon } from "../../static/js/site/coupon-form.js";
import { money, paiseOf, price, rupeesOf, shortMoney } from "../../static/js/site/money.js";
import { entryOf, inOrder, seatsText, shown, trialTime } from "../../static/js/site/offer.js";
import { patternOf } from "../../static/js/site/pattern.js";
import { barsOf, byClass, everyDay, roundTop } from "../../static/js/site/plot.js";
import { routeOf, safeNext, signInPath } from "../../static/js/site/routes.js";
import { daysText, lessonCount, nextDates, rhythm } from "../../static/js/site/schedule.js";
import { ago, countdown, foreignTime, instantOf, lengthText, nearDay, offsetText, timeText, wallDay, zoneName } from "../../static/js/site/times.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const KOLKATA = "Asia/Kolkata";
const NOON = Date.UTC(2026, 11, 1, 12);

/** @param {object} [change] @returns {any} a class as the server writes it */
function offer(change = {}) {
  return {
    id: "maths", title: "Maths", description: "", teacher: { id: "u-1", name: "Asha" }, price: 149900, currency: "INR", seats: 20, seatsLeft: 12, imageUrl: null,
    state: "scheduled", schedule: { kind: "single", start: "2026-12-01T18:00", minutes: 60, zone: KOLKATA }, nextAt: NOON + HOUR, nextEndsAt: NOON + 2 * HOUR,
    trialMinutes: 0, accessDays: null, liveSince: null, my: null, ...change,
  };
}

test("money has Indian grouping, and paise only when there are some", () => {
  assert.equal(money(149900), "₹1,499");
  assert.equal(money(12345678900), "₹12,34,56,789");
  assert.equal(money(149950), "₹1,499.50");
  assert.equal(money(150005), "₹1,500.05");
  assert.equal(money(2500, "USD"), "$25");
  assert.equal(price(0), "Free");
  assert.equal(shortMoney(250_000), "₹2.5k");
  assert.equal(shortMoney(15_000_000), "₹1.5 L");
  assert.equal(shortMoney(9_900), "₹99");
});

test("what is typed as rupees becomes whole paise or nothing", () => {
  const rows = /** @type {[string, number|null][]} */ ([["1,499", 149900], ["₹ 1499.5", 149950], ["0.07", 7], ["", null], ["-5", null], ["1.005", null], ["ten", null], ["99999999", null]]);
  for (const [typed, paise] of rows) assert.equal(paiseOf(typed), paise, typed);
  for (const paise of [100, 149950, 7, 29999999]) assert.equal(paiseOf(rupeesOf(paise)), paise);
});

test("a time on the wall is an instant in its zone, over changes of the clocks", () => {
  assert.equal(instantOf("2026-12-01T18:00", KOLKATA), Date.UTC(2026, 11, 1, 12, 30));
  assert.equal(instantOf("2026-07-01T09:00", "Europe/Berlin"), Date.UTC(2026, 6, 1, 7));
  assert.equal(instantOf("2026-01-01T09:00", "Europe/Berlin"), Date.UTC(2026, 0, 1, 8));
  assert.equal(instantOf("2026-10-25T02:30", "Europe/Berlin"), Date.UTC(2026, 9, 25, 0, 30), "twice: the first");
  assert.equal(instantOf("2026-03-29T02:30", "Europe/Berlin"), Date.UTC(2026, 2, 29, 1, 30), "never: by the clock before");
  assert.equal(instantOf("2026-03-08T02:30", "America/New_York"), Date.UTC(2026, 2, 8, 7, 30));
});

test("countdowns are short", () => {
  const rows = /** @type {[number, string|null][]} */ ([[-1, null], [20_000, "in less than a minute"], [12 * MINUTE, "in 12 min"], [2 * HOUR, "in 2 h"], [2 * HOUR + 19 * MINUTE, "in 2 h 19 min"], [23 * HOUR, "in 23 h"], [30 * HOUR, "in 1 day"], [47 * HOUR, "in 2 days"], [3 * DAY, "in 3 days"], [30 * DAY, "in 4 weeks"]]);
  for (const [ahead, text] of rows) assert.equal(countdown(NOON + ahead, NOON), text);
  assert.equal(ago(NOON - 5 * MINUTE, NOON), "5 min ago");
  assert.equal(ago(NOON - 20_000, NOON), "just now");
  assert.equal(lengthText(90), "1 h 30 min");
});

test("times are told in one's own zone, and the class's time beside it when its clocks differ", () => {
  const at = Date.UTC(2026, 11, 1, 12, 30);
  assert.equal(timeText(at, KOLKATA, "en-IN"), "6:00\u00a0pm");
  assert.equal(foreignTime(at, KOLKATA, "Asia/Calcutta", "en-IN"), null, "another name, the same clocks");
  assert.equal(foreignTime(at, KOLKATA, "Europe/London", "en-IN"), "6:00\u00a0pm India Standard Time");
  assert.match(foreignTime(Date.UTC(2026, 11, 1, 20), KOLKATA, "Europe/London", "en-GB") ?? "", /^Wed,? 2 Dec, 0?1:30 India Standard Time$/);
  assert.equal(offsetText(KOLKATA, at), "UTC+5:30");
  assert.equal(offsetText("America/New_York", at), "UTC−5");
  assert.equal(zoneName(KOLKATA, at), "India Standard Time");
  assert.equal(nearDay(at, NOON, KOLKATA), "Today");
  assert.equal(nearDay(at + DAY, NOON, KOLKATA), "Tomorrow");
  assert.equal(wallDay(Date.UTC(2026, 11, 1, 20), KOLKATA), "2026-12-02");
});

/** @type {any} */
const weekly = { kind: "weekly", days: [1, 3], time: "18:00", from: "2026-12-01", until: "2026-12-17", minutes: 60, zone: KOLKATA };

test("the next dates of a weekly class keep to its days, its span and what is not over", () => {
  const days = nextDates(weekly, NOON, 10).map(({ start }) => wallDay(start, KOLKATA));
  assert.deepEqual(days, ["2026-12-01", "2026-12-03", "2026-12-08", "2026-12-10", "2026-12-15", "2026-12-17"]);
  const during = nextDates(weekly, Date.UTC(2026, 11, 1, 13), 1)[0];
  assert.equal(wallDay(during.start, KOLKATA), "2026-12-01", "a lesson under way counts");
  assert.equal(wallDay(nextDates(weekly, Date.UTC(2026, 11, 1, 13, 30), 1)[0].start, KOLKATA), "2026-12-03");
  assert.deepEqual(nextDates(weekly, Date.UTC(2027, 0, 1), 5), []);
  assert.equal(lessonCount(weekly), 6);
});

test("a weekly class over a change of the clocks keeps its time on the wall", () => {
  const dates = nextDates({ ...weekly, days: [6], time: "10:00", from: "2026-10-18", until: "2026-11-01", zone: "Europe/Berlin" }, 0, 5);
  assert.deepEqual(dates.map(({ start }) => new Date(start).getUTCHours()), [8, 9, 9]);
});

test("a lesson past midnight is still on while it lasts", () => {
  const late = { ...weekly, days: [0, 1, 2, 3, 4, 5, 6], time: "23:30", minutes: 180 };
  const [first] = nextDates(late, instantOf("2026-12-03T01:00", KOLKATA), 1);
  assert.equal(wallDay(first.start, KOLKATA), "2026-12-02");
});

test("the rhythm of a class in words", () => {
  assert.equal(daysText([0, 2, 4]), "Mon, Wed and Fri");
  assert.equal(daysText([6]), "Sundays");
  assert.match(rhythm(weekly), /^Tue and Thu, 1 h each, until .*2026$/);
  assert.equal(rhythm(offer().schedule), "One lesson of 1 h");
});

test("a trial says when it ends, or that it waits for the class", () => {
  const my = { kind: "trial", enrolled: true, expiresAt: NOON };
  assert.ok(trialTime(offer({ trialMinutes: 15, my })).endsWith(timeText(NOON)));
  assert.equal(trialTime(offer({ trialMinutes: 15, my: { ...my, expiresAt: null } })), "15 min from when the class begins");
});

test("seats are told when they are few", () => {
  assert.equal(seatsText(offer()), null);
  assert.equal(seatsText(offer({ seatsLeft: 1 })), "1 seat left");
  assert.equal(seatsText(offer({ seatsLeft: 0 })), "Full");
  assert.equal(seatsText(offer({ seats: 300, seatsLeft: 28 })), "28 seats left");
  assert.equal(seatsText(offer({ seats: null, seatsLeft: null })), null);
});

test("the way in says why it is closed, and opens for those who may", () => {
  const enrolled = { enrolled: true, canJoin: false, opensAt: NOON + 45 * MINUTE, reason: { code: "not_yet_open", message: "Not yet." }, isTeacher: false };
  assert.match(entryOf(offer({ my: enrolled }), NOON).hint, /^Opens in 45 min, at /);
  assert.deepEqual(entryOf(offer({ my: { ...enrolled, canJoin: true, reason: null } }), NOON), { open: true, live: false, label: "Enter the waiting room", hint: "The teacher has not started yet." });
  assert.equal(entryOf(offer({ liveSince: NOON, my: { ...enrolled, canJoin: true, reason: null } }), NOON).label, "Join now");
  const refunded = entryOf(offer({ my: { ...enrolled, reason: { code: "refunded", message: "Your payment was refunded." } } }), NOON);
  assert.deepEqual([refunded.open, refunded.hint], [false, "Your payment was refunded."]);
  assert.equal(entryOf(offer({ my: { ...enrolled, isTeacher: true } }), NOON).label, "Start the class");
});

test("the catalogue is filtered by words and kind, live first", () => {
  const all = [offer({ id: "later", nextAt: NOON + 9 * DAY, title: "Water colours" }), offer({ id: "soon", price: 0 }), offer({ id: "live", liveSince: NOON, state: "live", nextAt: NOON - HOUR }), offer({ id: "none", nextAt: null })];
  const ids = (/** @type {any} */ filter) => inOrder(shown(all, { search: "", only: "all", ...filter }, NOON)).map(({ id }) => id);
  assert.deepEqual(ids({}), ["live", "soon", "later", "none"]);
  assert.deepEqual(ids({ only: "week" }), ["live", "soon"]);
  assert.deepEqual(ids({ only: "free" }), ["soon"]);
  assert.deepEqual(ids({ only: "live" }), ["live"]);
  assert.deepEqual(ids({ search: "COLOURS asha" }), ["later"]);
});

test("only a path of this site is gone back to", () => {
  for (const good of ["/classes/maths?x=1", "/me#receipts", "/"]) assert.equal(safeNext(good), good);
  for (const bad of ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", null, "/a\nb", "/a\\b"]) assert.equal(safeNext(bad), "/classes");
  assert.equal(signInPath("/classes/a?b=c"), "/login?next=%2Fclasses%2Fa%3Fb%3Dc");
});

test("addresses name their page", () => {
  const rows = { "/classes": "catalogue", "/classes/": "catalogue", "/classes/maths-x7": "class", "/me": "mine", "/teach": "teach", "/teach/new": "edit", "/admin": "admin", "/login": "login", "/reset": "reset", "/classes/a/b": "missing", "/x": "missing" };
  for (const [path, page] of Object.entries(rows)) assert.equal(routeOf(path).page, page, path);
  assert.equal(routeOf("/teach/maths-x7").id, "maths-x7");
});

const filled = { ...emptyFields(KOLKATA), title: "Maths for class 8", price: "1,499", date: "2026-12-05", seats: "20", trialMinutes: "15" };

test("a complete form has no faults, and becomes what is sent", () => {
  assert.deepEqual(faultsOf(filled, NOON), {});
  assert.deepEqual(bodyOf(filled), {
    title: "Maths for class 8", description: "", price: 149900, seats: 20, trialMinutes: 15, accessDays: null,
    schedule: { kind: "single", start: "2026-12-05T18:00", minutes: 60, zone: KOLKATA },
  });
  assert.equal(bodyOf({ ...filled, paid: false }).price, 0);
});

test("each fault stands at its field", () => {
  const rows = /** @type {[object, string][]} */ ([
    [{ title: " a " }, "title"], [{ price: "much" }, "price"], [{ price: "0.50" }, "price"], [{ seats: "0" }, "seats"], [{ date: "" }, "date"], [{ date: "2026-11-01" }, "date"],
    [{ minutes: "3" }, "minutes"], [{ kind: "weekly", until: "2026-12-30" }, "days"], [{ kind: "weekly", days: [1], until: "2026-12-01" }, "until"], [{ trialMinutes: "x" }, "trialMinutes"], [{ accessDays: "0" }, "accessDays"],
  ]);
  for (const [change, field] of rows) assert.deepEqual(Object.keys(faultsOf({ ...filled, ...change }, NOON)), [field], JSON.stringify(change));
  assert.deepEqual(faultsOf({ ...filled, date: "2026-11-01" }, NOON, false), {}, "an old class may be old");
  assert.deepEqual(faultsOf({ ...filled, paid: false, price: "much" }, NOON), {});
});

test("a class becomes its fields and back", () => {
  const fields = fieldsOf(offer({ schedule: weekly, seats: null, trialMinutes: 0 }));
  assert.deepEqual(bodyOf(fields).schedule, weekly);
  assert.equal(fields.seats, "");
  assert.equal(fieldsOf(offer({ price: 0 })).paid, false);
});

test("the server's complaints find their field", () => {
  assert.equal(fieldNamed("schedule.start"), "date");
  assert.equal(fieldNamed("price"), "price");
  assert.equal(fieldNamed("nonsense"), "form");
  assert.equal(fieldNamed(null), "form");
});

test("coupons: faults, and the end of the last day where the class is", () => {
  const coupon = { ...emptyCoupon(), code: " diwali20 ", value: "20" };
  assert.deepEqual(couponFaults(coupon), {});
  assert.deepEqual(couponBody({ ...coupon, lastDay: "2026-12-01" }, "maths", KOLKATA), { code: "DIWALI20", classId: "maths", kind: "percent", value: 20, maxUses: null, expiresAt: Date.UTC(2026, 11, 1, 18, 30) - 1 });
  assert.equal(couponBody({ ...coupon, kind: "amount", value: "200" }, "maths", KOLKATA).value, 20000);
  assert.deepEqual(Object.keys(couponFaults({ ...coupon, code: "a!", value: "101", maxUses: "0" })), ["code", "value", "maxUses"]);
});

test("a pattern belongs to its title", () => {
  assert.deepEqual(patternOf("Calculus"), patternOf("Calculus"));
  assert.notDeepEqual(patternOf("Calculus"), patternOf("Poetry"));
  assert.equal(patternOf("Calculus").length, 3);
});

const totals = [
  { day: "2026-12-01", classId: "a", title: "A", paid: 100_00, refunded: 0, count: 1 },
  { day: "2026-12-01", classId: "b", title: "B", paid: 300_00, refunded: 50_00, count: 3 },
  { day: "2026-12-03", classId: "a", title: "A", paid: 150_00, refunded: 0, count: 2 },
];

test("totals: every day has its place, classes are summed, the largest first", () => {
  const days = everyDay(totals, "2026-11-30", "2026-12-03");
  assert.deepEqual(days.map(({ paid }) => paid), [0, 400_00, 0, 150_00]);
  assert.deepEqual(byClass(totals).map(({ classId, paid, count }) => [classId, paid, count]), [["b", 300_00, 3], ["a", 250_00, 3]]);
  const rows = /** @type {[number, number][]} */ ([[0, 10000], [10000, 10000], [10001, 20000], [49900, 50000], [149900, 200000]]);
  for (const [most, top] of rows) assert.equal(roundTop(most), top);
});

test("bars stand on the zero line, inside their box", () => {
  const { bars, zero, top } = barsOf(everyDay(totals, "2026-11-30", "2026-12-03"), { width: 400, height: 200 });
  assert.equal(top, 500_00);
  for (const { paid, refunded, x, width } of bars) {
    assert.ok(Math.abs(paid.y + paid.height - zero) < 1e-9 && paid.y >= 0);
    assert.ok(refunded.y === zero && refunded.y + refunded.height <= 200 + 1e-9);
    assert.ok(x >= 0 && x + width <= 400);
  }
});
