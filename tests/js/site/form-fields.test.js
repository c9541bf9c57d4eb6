// The forms of classes and coupons: their faults, and the body that is sent.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bodyOf,
  couponBody,
  couponFaults,
  emptyCoupon,
  emptyFields,
  faultsOf,
  fieldNamed,
  fieldsOf,
} from "../../../static/js/site/form-fields.js";
import { KOLKATA, NOON, offer, weekly } from "./samples.js";

const filled = {
  ...emptyFields(KOLKATA),
  title: "Maths for class 8",
  price: "1,499",
  date: "2026-12-05",
  seats: "20",
  trialMinutes: "15",
};

test("a complete form has no faults and becomes the request's body", () => {
  assert.deepEqual(faultsOf(filled, NOON), {});
  assert.deepEqual(bodyOf(filled), {
    title: "Maths for class 8",
    description: "",
    price: 149900,
    seats: 20,
    trialMinutes: 15,
    accessDays: null,
    schedule: { kind: "single", start: "2026-12-05T18:00", minutes: 60, zone: KOLKATA },
  });
  assert.equal(bodyOf({ ...filled, paid: false }).price, 0);
});

test("each fault stands at its field", () => {
  const rows = /** @type {[object, string][]} */ ([
    [{ title: " a " }, "title"],
    [{ price: "much" }, "price"],
    [{ price: "0.50" }, "price"],
    [{ seats: "0" }, "seats"],
    [{ date: "" }, "date"],
    [{ date: "2026-11-01" }, "date"],
    [{ minutes: "3" }, "minutes"],
    [{ kind: "weekly", until: "2026-12-30" }, "days"],
    [{ kind: "weekly", days: [1], until: "2026-12-01" }, "until"],
    [{ trialMinutes: "x" }, "trialMinutes"],
    [{ accessDays: "0" }, "accessDays"],
  ]);
  for (const [change, field] of rows)
    assert.deepEqual(Object.keys(faultsOf({ ...filled, ...change }, NOON)), [field], JSON.stringify(change));
  assert.deepEqual(faultsOf({ ...filled, date: "2026-11-01" }, NOON, false), {}, "an old class may be old");
  assert.deepEqual(faultsOf({ ...filled, paid: false, price: "much" }, NOON), {});
});

test("a class becomes its fields and back", () => {
  const fields = fieldsOf(offer({ schedule: weekly, seats: null, trialMinutes: 0 }));
  assert.deepEqual(bodyOf(fields).schedule, weekly);
  assert.equal(fields.seats, "");
  assert.equal(fieldsOf(offer({ price: 0 })).paid, false);
});

test("a refusal by the server finds its field", () => {
  assert.equal(fieldNamed("schedule.start"), "date");
  assert.equal(fieldNamed("price"), "price");
  assert.equal(fieldNamed("nonsense"), "form");
  assert.equal(fieldNamed(null), "form");
});

test("coupons: faults, and the end of the last day where the class is", () => {
  const coupon = { ...emptyCoupon(), code: " diwali20 ", value: "20" };
  assert.deepEqual(couponFaults(coupon), {});
  assert.deepEqual(couponBody({ ...coupon, lastDay: "2026-12-01" }, "maths", KOLKATA), {
    code: "DIWALI20",
    classId: "maths",
    kind: "percent",
    value: 20,
    maxUses: null,
    expiresAt: Date.UTC(2026, 11, 1, 18, 30) - 1,
  });
  assert.equal(couponBody({ ...coupon, kind: "amount", value: "200" }, "maths", KOLKATA).value, 20000);
  assert.deepEqual(Object.keys(couponFaults({ ...coupon, code: "a!", value: "101", maxUses: "0" })), [
    "code",
    "value",
    "maxUses",
  ]);
});
