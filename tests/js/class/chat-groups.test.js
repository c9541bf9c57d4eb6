import assert from "node:assert/strict";
import { test } from "node:test";
import { chatGroups } from "../../../static/js/class/chat-groups.js";

/** @param {string} id @param {string} from @param {number} at @returns {any} */
const message = (id, from, at, to = "all") => ({ id, from, name: from, role: "student", text: id, at, to });

test("messages of one person within five minutes share a heading", () => {
  const noon = new Date(2026, 4, 4, 12).getTime();
  const groups = chatGroups([
    message("1", "a", noon),
    message("2", "a", noon + 60_000),
    message("3", "b", noon + 61_000),
    message("4", "b", noon + 400_000),
    message("5", "b", noon + 401_000, "teachers"),
  ]);
  assert.deepEqual(
    groups.map((group) => group.messages.map((one) => one.id)),
    [["1", "2"], ["3"], ["4"], ["5"]],
  );
  assert.deepEqual(
    groups.map((group) => Boolean(group.day)),
    [true, false, false, false],
  );
});

test("a new day begins a new group with its date", () => {
  const late = new Date(2026, 4, 4, 23, 59).getTime();
  const groups = chatGroups([message("1", "a", late), message("2", "a", late + 120_000)]);
  assert.deepEqual(
    groups.map((group) => Boolean(group.day)),
    [true, true],
  );
});
