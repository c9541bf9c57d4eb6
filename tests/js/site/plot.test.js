// Daily totals as bars.

import assert from "node:assert/strict";
import { test } from "node:test";
import { barsOf, byClass, everyDay, roundTop } from "../../../static/js/site/plot.js";

const totals = [
  { day: "2026-12-01", classId: "a", title: "A", paid: 100_00, refunded: 0, count: 1 },
  { day: "2026-12-01", classId: "b", title: "B", paid: 300_00, refunded: 50_00, count: 3 },
  { day: "2026-12-03", classId: "a", title: "A", paid: 150_00, refunded: 0, count: 2 },
];

test("totals: every day has its place, classes are summed, the largest first", () => {
  const days = everyDay(totals, "2026-11-30", "2026-12-03");
  assert.deepEqual(
    days.map(({ paid }) => paid),
    [0, 400_00, 0, 150_00],
  );
  assert.deepEqual(
    byClass(totals).map(({ classId, paid, count }) => [classId, paid, count]),
    [
      ["b", 300_00, 3],
      ["a", 250_00, 3],
    ],
  );
  const rows = /** @type {[number, number][]} */ ([
    [0, 10000],
    [10000, 10000],
    [10001, 20000],
    [49900, 50000],
    [149900, 200000],
  ]);
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
