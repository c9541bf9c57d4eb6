// Times in words, over time zones and changes of the clocks.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ago,
  countdown,
  foreignTime,
  instantOf,
  lengthText,
  nearDay,
  offsetText,
  timeText,
  wallDay,
  zoneName,
} from "../../../static/js/site/times.js";
import { DAY, HOUR, KOLKATA, MINUTE, NOON } from "./samples.js";

test("a local time is an instant in its zone, also around changes of the clocks", () => {
  assert.equal(instantOf("2026-12-01T18:00", KOLKATA), Date.UTC(2026, 11, 1, 12, 30));
  assert.equal(instantOf("2026-07-01T09:00", "Europe/Berlin"), Date.UTC(2026, 6, 1, 7));
  assert.equal(instantOf("2026-01-01T09:00", "Europe/Berlin"), Date.UTC(2026, 0, 1, 8));
  assert.equal(instantOf("2026-10-25T02:30", "Europe/Berlin"), Date.UTC(2026, 9, 25, 0, 30), "twice: the first");
  assert.equal(
    instantOf("2026-03-29T02:30", "Europe/Berlin"),
    Date.UTC(2026, 2, 29, 1, 30),
    "never: by the clock before",
  );
  assert.equal(instantOf("2026-03-08T02:30", "America/New_York"), Date.UTC(2026, 2, 8, 7, 30));
});

test("countdowns are short", () => {
  const rows = /** @type {[number, string|null][]} */ ([
    [-1, null],
    [20_000, "in less than a minute"],
    [12 * MINUTE, "in 12 min"],
    [2 * HOUR, "in 2 h"],
    [2 * HOUR + 19 * MINUTE, "in 2 h 19 min"],
    [23 * HOUR, "in 23 h"],
    [30 * HOUR, "in 1 day"],
    [47 * HOUR, "in 2 days"],
    [3 * DAY, "in 3 days"],
    [30 * DAY, "in 4 weeks"],
  ]);
  for (const [ahead, text] of rows) assert.equal(countdown(NOON + ahead, NOON), text);
  assert.equal(ago(NOON - 5 * MINUTE, NOON), "5 min ago");
  assert.equal(ago(NOON - 20_000, NOON), "just now");
  assert.equal(lengthText(90), "1 h 30 min");
});

test("times are told in the own zone, with the class's time beside them when it differs", () => {
  const at = Date.UTC(2026, 11, 1, 12, 30);
  assert.equal(timeText(at, KOLKATA, "en-IN"), "6:00\u00a0pm");
  assert.equal(foreignTime(at, KOLKATA, "Asia/Calcutta", "en-IN"), null, "another name, the same clocks");
  assert.equal(foreignTime(at, KOLKATA, "Europe/London", "en-IN"), "6:00\u00a0pm India Standard Time");
  assert.match(
    foreignTime(Date.UTC(2026, 11, 1, 20), KOLKATA, "Europe/London", "en-GB") ?? "",
    /^Wed,? 2 Dec, 0?1:30 India Standard Time$/,
  );
  assert.equal(offsetText(KOLKATA, at), "UTC+5:30");
  assert.equal(offsetText("America/New_York", at), "UTC−5");
  assert.equal(zoneName(KOLKATA, at), "India Standard Time");
  assert.equal(nearDay(at, NOON, KOLKATA), "Today");
  assert.equal(nearDay(at + DAY, NOON, KOLKATA), "Tomorrow");
  assert.equal(wallDay(Date.UTC(2026, 11, 1, 20), KOLKATA), "2026-12-02");
});
