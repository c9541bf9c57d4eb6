// A class on its card: seats, trial, the join button, its place in the catalogue.

import assert from "node:assert/strict";
import { test } from "node:test";
import { joinButton, inOrder, seatsText, matching, trialTime } from "../../../static/js/site/offer.js";
import { timeText } from "../../../static/js/site/times.js";
import { DAY, HOUR, MINUTE, NOON, offer } from "./samples.js";

test("a trial says when it ends, or that it starts with the lesson", () => {
  const my = { kind: "trial", enrolled: true, expiresAt: NOON };
  assert.ok(trialTime(offer({ trialMinutes: 15, my })).endsWith(timeText(NOON)));
  assert.equal(
    trialTime(offer({ trialMinutes: 15, my: { ...my, expiresAt: null } })),
    "15 min from the start of the lesson",
  );
});

test("the number of seats is shown when few are left", () => {
  assert.equal(seatsText(offer()), null);
  assert.equal(seatsText(offer({ seatsLeft: 1 })), "1 seat left");
  assert.equal(seatsText(offer({ seatsLeft: 0 })), "Full");
  assert.equal(seatsText(offer({ seats: 300, seatsLeft: 28 })), "28 seats left");
  assert.equal(seatsText(offer({ seats: null, seatsLeft: null })), null);
});

test("the join button says why it is disabled, and is enabled for people who may join", () => {
  const enrolled = {
    enrolled: true,
    canJoin: false,
    opensAt: NOON + 45 * MINUTE,
    reason: { code: "not_yet_open", message: "Not yet." },
    isTeacher: false,
  };
  assert.match(joinButton(offer({ my: enrolled }), NOON).hint, /^Opens in 45 min, at /);
  assert.deepEqual(joinButton(offer({ my: { ...enrolled, canJoin: true, reason: null } }), NOON), {
    open: true,
    live: false,
    label: "Join and wait",
    hint: "The teacher has not started the lesson yet.",
  });
  assert.equal(
    joinButton(offer({ liveSince: NOON, my: { ...enrolled, canJoin: true, reason: null } }), NOON).label,
    "Join now",
  );
  const refunded = joinButton(
    offer({ my: { ...enrolled, reason: { code: "refunded", message: "Your payment was refunded." } } }),
    NOON,
  );
  assert.deepEqual([refunded.open, refunded.hint], [false, "Your payment was refunded."]);
  assert.equal(joinButton(offer({ my: { ...enrolled, isTeacher: true } }), NOON).label, "Start the lesson");
});

test("the catalogue is filtered by words and kind, live first", () => {
  const all = [
    offer({ id: "later", nextAt: NOON + 9 * DAY, title: "Water colours" }),
    offer({ id: "soon", price: 0 }),
    offer({ id: "live", liveSince: NOON, state: "live", nextAt: NOON - HOUR }),
    offer({ id: "none", nextAt: null }),
  ];
  const ids = (/** @type {any} */ filter) =>
    inOrder(matching(all, { search: "", only: "all", ...filter }, NOON)).map(({ id }) => id);
  assert.deepEqual(ids({}), ["live", "soon", "later", "none"]);
  assert.deepEqual(ids({ only: "week" }), ["live", "soon"]);
  assert.deepEqual(ids({ only: "free" }), ["soon"]);
  assert.deepEqual(ids({ only: "live" }), ["live"]);
  assert.deepEqual(ids({ search: "COLOURS asha" }), ["later"]);
});
