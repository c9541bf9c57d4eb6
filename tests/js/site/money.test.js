// Rupees as they are shown and typed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { money, paiseOf, price, rupeesOf, shortMoney } from "../../../static/js/site/money.js";

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

test("typed rupees become whole paise or nothing", () => {
  const rows = /** @type {[string, number|null][]} */ ([
    ["1,499", 149900],
    ["₹ 1499.5", 149950],
    ["0.07", 7],
    ["", null],
    ["-5", null],
    ["1.005", null],
    ["ten", null],
    ["99999999", null],
  ]);
  for (const [typed, paise] of rows) assert.equal(paiseOf(typed), paise, typed);
  for (const paise of [100, 149950, 7, 29999999]) assert.equal(paiseOf(rupeesOf(paise)), paise);
});
