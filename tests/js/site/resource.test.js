// An answer of the server as a signal: asked for, there, or failed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../../static/js/shared/api.js";
import { resource } from "../../../static/js/site/resource.js";
import { FakeClock } from "../support.js";

/** @returns {{promise: Promise<any>, resolve: (value: any) => void, reject: (error: any) => void}} */
function deferred() {
  /** @type {any} */
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

test("only a slow answer shows that the page is loading", async () => {
  const clock = new FakeClock();
  const answer = deferred();
  const asked = resource(() => answer.promise, clock);
  const loading = asked.load();
  assert.deepEqual([asked.state.value.slow, clock.delays], [false, [300]]);
  clock.fire();
  assert.equal(asked.state.value.slow, true);
  answer.resolve("there");
  await loading;
  assert.deepEqual(asked.state.value, { data: "there", error: null, busy: false, slow: false });
});

test("the data stays while it is asked for again, also after a quiet failure", async () => {
  const answersInTurn = [
    Promise.resolve(1),
    Promise.reject(new ApiError(503, "busy", "Busy.")),
    Promise.reject(new ApiError(503, "busy", "Busy.")),
  ];
  for (const one of answersInTurn) one.catch(() => {});
  const asked = resource(() => /** @type {Promise<any>} */ (answersInTurn.shift()), new FakeClock());
  await asked.load();
  await asked.load({ quiet: true });
  assert.deepEqual([asked.state.value.data, asked.state.value.error], [1, null]);
  await asked.load();
  assert.equal(asked.state.value.error?.code, "busy");
});

test("of two requests under way the later one counts", async () => {
  const [first, second] = [deferred(), deferred()];
  const turns = [first.promise, second.promise];
  const asked = resource(() => /** @type {Promise<any>} */ (turns.shift()), new FakeClock());
  const loads = [asked.load(), asked.load()];
  second.resolve("new");
  first.resolve("old");
  await Promise.all(loads);
  assert.equal(asked.state.value.data, "new");
});
