// The lessons of a class: dates, counts, words.

import assert from "node:assert/strict";
import { test } from "node:test";
import { daysText, lessonCount, nextDates, rhythm } from "../../../static/js/site/schedule.js";
import { instantOf, wallDay } from "../../../static/js/site/times.js";
import { KOLKATA, NOON, offer, weekly } from "./samples.js";

test("the next dates of a weekly class keep to its days and its span, and leave out past lessons", () => {
  const days = nextDates(weekly, NOON, 10).map(({ start }) => wallDay(start, KOLKATA));
  assert.deepEqual(days, ["2026-12-01", "2026-12-03", "2026-12-08", "2026-12-10", "2026-12-15", "2026-12-17"]);
  const during = nextDates(weekly, Date.UTC(2026, 11, 1, 13), 1)[0];
  assert.equal(wallDay(during.start, KOLKATA), "2026-12-01", "a lesson under way counts");
  assert.equal(wallDay(nextDates(weekly, Date.UTC(2026, 11, 1, 13, 30), 1)[0].start, KOLKATA), "2026-12-03");
  assert.deepEqual(nextDates(weekly, Date.UTC(2027, 0, 1), 5), []);
  assert.equal(lessonCount(weekly), 6);
});

test("a weekly class keeps its local time over a change of the clocks", () => {
  const dates = nextDates(
    { ...weekly, days: [6], time: "10:00", from: "2026-10-18", until: "2026-11-01", zone: "Europe/Berlin" },
    0,
    5,
  );
  assert.deepEqual(
    dates.map(({ start }) => new Date(start).getUTCHours()),
    [8, 9, 9],
  );
});

test("a lesson past midnight counts until it ends", () => {
  const late = { ...weekly, days: [0, 1, 2, 3, 4, 5, 6], time: "23:30", minutes: 180 };
  const [first] = nextDates(late, instantOf("2026-12-03T01:00", KOLKATA), 1);
  assert.equal(wallDay(first.start, KOLKATA), "2026-12-02");
});

test("the schedule of a class in words", () => {
  assert.equal(daysText([0, 2, 4]), "Mon, Wed and Fri");
  assert.equal(daysText([6]), "Sundays");
  assert.match(rhythm(weekly), /^Tue and Thu, 1 h each, until .*2026$/);
  assert.equal(rhythm(offer().schedule), "One lesson of 1 h");
});
