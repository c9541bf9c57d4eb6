import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CHAT_KEPT,
  initialState,
  joinedText,
  midShowing,
  peopleInOrder,
  reduce,
} from "../../../static/js/class/state.js";
import { joinReply, totals, wire } from "../support.js";

/** @typedef {import("../../../static/js/class/state.js").State} State */

/** @param {State} state @param {[string, any?, number?][]} actions @returns {State} */
function after(state, ...actions) {
  return actions.reduce((now, [type, payload, at]) => reduce(now, { type, payload, now: at }), state);
}

/** @param {object} [change] */
function inClass(change) {
  return after(initialState("demo"), ["joined", joinReply(change), 20_000]);
}

/** @param {object} [change] the teacher's own view */
function teaching(change) {
  const self = { ...wire("t", { role: "teacher" }), can: { moderate: true } };
  return inClass({ self, ...change });
}

/** @param {string} id @param {string} from @returns {any} */
function message(id, from, text = "Hello") {
  return { id, at: 1, from: { id: from, name: from.toUpperCase(), role: "student" }, to: "all", text };
}

test("a join fills the state", () => {
  const state = inClass({ hands: [{ participant: "t", at: 1 }], chat: [message("m1", "t")] });
  assert.equal(state.phase, "class");
  assert.equal(state.link, "connected");
  assert.equal(state.self?.id, "s");
  assert.equal(state.title, "Demo");
  assert.equal(state.started, true);
  assert.equal(state.clockOffset, 30_000);
  assert.deepEqual(Object.keys(state.participants).sort(), ["s", "t"]);
  assert.equal(state.participants.t.camera, true);
  assert.deepEqual(state.hands, ["t"]);
  assert.equal(state.chat[0].name, "T");
  assert.equal(state.total, 2);
});

test("joining again keeps the slots only when the media went on", () => {
  const slot = { participant: "t", producer: "t:camera", kind: "video", layer: 1 };
  const shown = after(inClass(), ["slots", { 8: slot }]);
  assert.deepEqual(after(shown, ["joined", joinReply({ resumed: true })]).slots, { 8: slot });
  assert.deepEqual(after(shown, ["joined", joinReply()]).slots, {});
});

test("messages missed while away count as unread, own ones do not", () => {
  const before = inClass({ chat: [message("m1", "t")] });
  const chat = [message("m1", "t"), message("m2", "t"), message("m3", "s")];
  assert.equal(after(before, ["joined", joinReply({ chat })]).unread, 1);
  assert.equal(after(before, ["panel", "chat"], ["joined", joinReply({ chat })]).unread, 0);
  assert.equal(inClass({ chat }).unread, 0, "what was written before one came is not unread");
});

test("participants join, change and leave", () => {
  const come = after(inClass(), [
    "participant-joined",
    { participants: [wire("a"), wire("b")], totals: { participants: 4, hands: 0 } },
  ]);
  assert.equal(come.total, 4);
  assert.equal(come.announcement.polite, "A and B joined");
  const changed = after(come, [
    "participant-updated",
    { participants: [wire("a", { microphone: true, connection: "lost" })], totals: totals("a", "b", "s", "t") },
  ]);
  assert.equal(changed.participants.a.microphone, true);
  assert.equal(changed.participants.a.connection, "lost");
  const gone = after(changed, ["participant-left", { participants: ["a"], totals: { participants: 3, hands: 0 } }]);
  assert.equal("a" in gone.participants, false);
  assert.equal(gone.total, 3);
});

test("an update of totals alone changes no participant", () => {
  const before = inClass();
  const state = after(before, ["participant-updated", { participants: [], totals: { participants: 300, hands: 2 } }]);
  assert.equal(state.total, 300);
  assert.deepEqual(state.participants, before.participants);
});

test("a participant who is known is not announced again", () => {
  const state = after(inClass(), [
    "participant-joined",
    { participants: [wire("t", { role: "teacher" })], totals: totals("s", "t") },
  ]);
  assert.equal(state.announcement.polite, "");
});

test("a participant who leaves also leaves the stage, the raised hands and the speakers", () => {
  const state = after(
    inClass({ participants: [wire("s"), wire("a"), wire("b")] }),
    [
      "hands",
      {
        hands: [
          { participant: "a", at: 1 },
          { participant: "b", at: 2 },
        ],
      },
    ],
    ["active-speaker", { speakers: ["a", "b"], dominant: "a" }],
    ["pin", "a:camera"],
    ["participant-left", { participants: ["a"], totals: totals("s", "b") }],
  );
  assert.deepEqual([state.hands, state.speakers, state.dominant, state.pinned], [["b"], ["b"], null, null]);
});

test("a pin stays when another participant leaves", () => {
  const state = after(
    inClass(),
    ["pin", "t:camera"],
    ["participant-left", { participants: ["a"], totals: totals("s", "t") }],
  );
  assert.equal(state.pinned, "t:camera");
});

test("newcomers are announced in one sentence", () => {
  assert.equal(joinedText(["Ana"]), "Ana joined");
  assert.equal(joinedText(["Ana", "Ben"]), "Ana and Ben joined");
  assert.equal(joinedText(["Ana", "Ben", "Chi", "Dev"]), "Ana and 3 others joined");
});

test("staff see a toast for a raised hand; students do not, nor the person who raised it", () => {
  const hands = { hands: [{ participant: "s", at: 1 }] };
  const teacher = after(teaching(), ["hands", hands]);
  assert.equal(teacher.toasts[0].text, "S raised a hand");
  assert.equal(after(teacher, ["hands", hands]).toasts.length, 1);
  assert.equal(after(inClass(), ["hands", { hands: [{ participant: "t", at: 1 }] }]).toasts.length, 0);
  assert.equal(after(teaching(), ["hands", { hands: [{ participant: "t", at: 1 }] }]).toasts.length, 0);
});

test("slots change one at a time", () => {
  const slot = { participant: "t", producer: "t:camera", kind: "video", layer: 0 };
  const state = after(inClass(), ["slots", { 8: slot, 9: slot }], ["slots", { 9: null }]);
  assert.deepEqual(state.slots, { 8: slot, 9: null });
});

test("the slot of a producer is found by source, video only", () => {
  const slots = {
    4: { participant: "t", producer: "t:microphone", kind: "audio", layer: 0 },
    8: null,
    9: { participant: "t", producer: "t:screen", kind: "video", layer: 0 },
  };
  assert.equal(midShowing(slots, "t", "screen"), "9");
  assert.equal(midShowing(slots, "t", "camera"), null);
  assert.equal(midShowing(slots, "t", "microphone"), null);
});

test("chat counts unread messages and drops duplicates", () => {
  const state = after(
    inClass(),
    ["chat-message", message("m1", "t")],
    ["chat-message", message("m1", "t")],
    ["chat-message", message("m2", "s")],
  );
  assert.equal(state.chat.length, 2);
  assert.equal(state.unread, 1);
  assert.equal(state.announcement.polite, "T: Hello");
  const opened = after(state, ["panel", "chat"], ["chat-message", message("m3", "t")]);
  assert.equal(opened.unread, 0);
});

test("the chat keeps the newest messages up to a limit", () => {
  let state = inClass();
  for (let index = 0; index <= CHAT_KEPT; index += 1) state = after(state, ["chat-message", message(`m${index}`, "t")]);
  assert.equal(state.chat.length, CHAT_KEPT);
  assert.equal(state.chat[0].id, "m1");
});

test("a panel opens, is replaced by another and closes", () => {
  const state = after(inClass(), ["panel", "chat"], ["panel", "people"]);
  assert.equal(state.panel, "people");
  assert.equal(after(state, ["panel", "people"]).panel, null);
});

test("pinning again removes the pin", () => {
  const state = after(inClass(), ["pin", "t:camera"]);
  assert.equal(state.pinned, "t:camera");
  assert.equal(after(state, ["pin", "t:camera"]).pinned, null);
  assert.equal(after(state, ["pin", "t:screen"]).pinned, "t:screen");
});

test("a muted person is told at once, with the name of the teacher", () => {
  const state = after(inClass(), ["moderated", { action: "mute", by: "Asha" }]);
  assert.equal(state.announcement.assertive, "Asha muted you. Press M to speak again.");
  assert.equal(state.toasts[0].text, state.announcement.assertive);
});

test("a lesson starts and ends", () => {
  const waiting = inClass({
    class: { id: "demo", title: "Demo", state: "waiting", started: false, startedAt: null, locked: false },
  });
  assert.equal(waiting.started, false);
  const begun = after(waiting, [
    "liveclass-started",
    { classId: "demo", title: "Demo", url: "/class/demo", startedAt: 9 },
  ]);
  assert.deepEqual([begun.started, begun.startedAt], [true, 9]);
  const ended = after(begun, ["liveclass-ended", { classId: "demo", endedAt: 99 }, 99]);
  assert.deepEqual([ended.phase, ended.over?.kind, ended.over?.at], ["over", "ended", 99]);
});

test("the first reason for the end is the one that is shown", () => {
  const ended = after(inClass(), ["liveclass-ended", {}], ["removed", { reason: "ended" }]);
  assert.equal(ended.over?.kind, "ended");
  const left = after(inClass(), ["over", { kind: "left" }], ["removed", { reason: "removed" }]);
  assert.equal(left.over?.kind, "left");
  assert.equal(after(inClass(), ["removed", { reason: "replaced" }]).over?.kind, "replaced");
});

test("everyone sees that the lesson is locked", () => {
  const locked = { id: "demo", title: "Demo", state: "live", started: true, startedAt: 40_000, locked: true };
  assert.equal(after(inClass(), ["class-updated", locked]).locked, true);
});

test("the page connects before the first join and reconnects after it", () => {
  assert.equal(after(initialState("demo"), ["retry", { attempt: 1, delay: 9 }]).link, "connecting");
  const lost = after(inClass(), ["retry", { attempt: 2, delay: 9 }]);
  assert.equal(lost.link, "reconnecting");
  assert.equal(lost.phase, "class");
  assert.equal(after(lost, ["joined", joinReply({ resumed: true })]).link, "connected");
});

test("a failed join leads back to the first screen and gives the reason", () => {
  const state = after(
    initialState("demo"),
    ["phase", "joining"],
    ["join-failed", { code: "locked", message: "The class is locked." }],
  );
  assert.equal(state.phase, "prejoin");
  assert.equal(state.joinError?.message, "The class is locked.");
  assert.equal(after(state, ["joined", joinReply()]).joinError, null);
});

test("toasts are few, not repeated, and disappear", () => {
  let state = inClass();
  for (const text of ["a", "b", "c", "d", "d"]) state = after(state, ["toast", { text }]);
  assert.deepEqual(
    state.toasts.map((toast) => toast.text),
    ["b", "c", "d"],
  );
  assert.deepEqual(
    after(state, ["toast-gone", state.toasts[0].id]).toasts.map((toast) => toast.text),
    ["c", "d"],
  );
});

test("reactions carry a name and disappear", () => {
  const state = after(inClass(), ["reaction", { participant: "t", kind: "clap" }]);
  assert.deepEqual([state.reactions[0].name, state.reactions[0].kind, state.reactions[0].from], ["T", "clap", "t"]);
  assert.equal(after(state, ["reaction-gone", state.reactions[0].id]).reactions.length, 0);
});

test("announcements and draining reach the state", () => {
  const state = after(inClass(), ["new-announcement", { text: "Break until ten" }], ["server-draining", {}]);
  assert.equal(state.toasts[0].text, "Break until ten");
  assert.equal(state.draining, true);
});

test("the list of people has raised hands first, then staff, then the others by name", () => {
  const state = after(
    inClass({
      participants: [
        wire("t", { role: "teacher", name: "Zoe" }),
        wire("b", { name: "Bo" }),
        wire("a", { name: "Al" }),
        wire("h", { name: "Ida" }),
      ],
    }),
    ["hands", { hands: [{ participant: "h", at: 1 }] }],
  );
  assert.deepEqual(
    peopleInOrder(state).map((one) => one.name),
    ["Ida", "Zoe", "Al", "Bo", "S"],
  );
});

test("states are never changed in place, and unknown actions change nothing", () => {
  const before = inClass();
  const copy = structuredClone(before);
  after(
    before,
    ["hands", { hands: [{ participant: "t", at: 1 }] }],
    ["chat-message", message("m", "t")],
    ["participant-left", { participants: ["t"], totals: totals("s") }],
  );
  assert.deepEqual(before, copy);
  assert.equal(reduce(before, { type: "no-such-thing" }), before);
});
