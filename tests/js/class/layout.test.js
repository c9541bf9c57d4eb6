import assert from "node:assert/strict";
import { test } from "node:test";
import { galleryOrder, gridFor, heightStep, pageOf, planSlots, stageOf } from "../../../static/js/class/layout.js";
import { participantFrom } from "../../../static/js/class/state.js";
import { wire } from "../support.js";

/** @param {Record<string, object>} people id → what differs @returns {Record<string, any>} */
function crowd(people) {
  return Object.fromEntries(Object.entries(people).map(([id, change]) => [id, participantFrom(wire(id, change))]));
}

/** @param {any} view @param {any} [previous] */
function staged(view, previous = null) {
  return stageOf({ selfId: "s", pinned: null, dominant: null, ...view }, previous);
}

/** @param {any} people @param {object} [change] @param {any} [previous] */
function plan(people, change = {}, previous = []) {
  const view = {
    mids: ["8", "9", "10"],
    stage: null,
    tiles: [],
    participants: people,
    selfId: "s",
    stageHeight: 720,
    tileHeight: 130,
    visible: true,
  };
  return planSlots({ ...view, ...change }, previous);
}

const T = { role: "teacher", camera: true };

test("the stage shows the teacher", () => {
  assert.deepEqual(staged({ participants: crowd({ s: {}, a: {}, t: T }) }), { participant: "t", source: "camera" });
});

test("a teacher with a camera goes before one without, else the first to join", () => {
  const two = { s: {}, t: { role: "teacher", order: 1 }, u: { role: "teacher", order: 2 } };
  assert.equal(staged({ participants: crowd(two) })?.participant, "t");
  assert.equal(
    staged({ participants: crowd({ ...two, u: { role: "teacher", order: 2, camera: true } }) })?.participant,
    "u",
  );
});

test("a shared screen takes the stage from the teacher and gives it back", () => {
  const shown = staged({ participants: crowd({ s: {}, a: { screen: true }, t: T }) });
  assert.deepEqual(shown, { participant: "a", source: "screen" });
  assert.deepEqual(staged({ participants: crowd({ s: {}, a: {}, t: T }) }, shown), {
    participant: "t",
    source: "camera",
  });
});

test("of two shared screens the one on the stage stays, else the teacher's", () => {
  const both = crowd({ s: {}, a: { screen: true }, t: { ...T, screen: true } });
  assert.equal(staged({ participants: both })?.participant, "t");
  assert.equal(staged({ participants: both }, { participant: "a", source: "screen" })?.participant, "a");
});

test("the own screen is not put on the own stage", () => {
  assert.deepEqual(staged({ participants: crowd({ s: { screen: true }, t: T }) }), {
    participant: "t",
    source: "camera",
  });
});

test("a pin goes before the teacher, not before a share; a pinned share before another", () => {
  const people = crowd({ s: {}, a: {}, t: T });
  assert.equal(staged({ participants: people, pinned: "a:camera" })?.participant, "a");
  const sharing = crowd({ s: {}, a: { screen: true }, b: { screen: true }, t: T });
  assert.deepEqual(staged({ participants: sharing, pinned: "t:camera" })?.source, "screen");
  assert.deepEqual(staged({ participants: sharing, pinned: "b:screen" }), { participant: "b", source: "screen" });
});

test("a pin of a person who left, or of a screen no longer shared, has no effect", () => {
  const people = crowd({ s: {}, t: T });
  for (const pinned of ["x:camera", "t:screen"])
    assert.deepEqual(staged({ participants: people, pinned }), { participant: "t", source: "camera" });
});

test("without a teacher the dominant speaker has the stage and keeps it in silence", () => {
  const people = crowd({ s: {}, a: {}, b: {} });
  const first = staged({ participants: people, dominant: "a" });
  assert.equal(first?.participant, "a");
  assert.deepEqual(staged({ participants: people, dominant: null }, first), first);
  assert.equal(staged({ participants: people, dominant: "b" }, first)?.participant, "b");
  assert.deepEqual(staged({ participants: people, dominant: "s" }, first), first);
  assert.equal(staged({ participants: crowd({ s: {}, b: {} }), dominant: null }, first), null);
});

test("staff see everyone in the gallery until there is a share or a pin", () => {
  const people = { s: { role: "teacher" }, a: {}, u: T };
  assert.equal(staged({ participants: crowd(people), dominant: "a" }), null);
  assert.equal(staged({ participants: crowd(people), pinned: "a:camera" })?.participant, "a");
  assert.equal(staged({ participants: crowd({ ...people, a: { screen: true } }) })?.source, "screen");
});

/** @param {any} people @param {string[]} previous @param {object} [change] @param {number} [size] */
function ordered(people, previous, change = {}, size = 2) {
  return galleryOrder({ selfId: "s", participants: crowd(people), hands: [], speakers: [], ...change }, previous, size);
}

test("the gallery begins with staff, then follows the order of joining, without the own tile", () => {
  assert.deepEqual(ordered({ s: {}, b: { order: 2 }, a: { order: 3 }, u: { order: 9, role: "assistant" } }, []), [
    "u",
    "b",
    "a",
  ]);
});

test("a newcomer goes to the end and moves no tile", () => {
  assert.deepEqual(ordered({ s: {}, a: {}, b: {}, u: { role: "assistant" } }, ["b", "a"]), ["b", "a", "u"]);
});

test("the last tile replaces one that leaves, so that at most one tile moves", () => {
  assert.deepEqual(ordered({ s: {}, a: {}, c: {}, d: {} }, ["a", "b", "c", "d"]), ["a", "d", "c"]);
  assert.deepEqual(ordered({ s: {}, a: {} }, ["a", "b", "c"]), ["a"]);
  assert.deepEqual(ordered({ s: {} }, ["a", "b"]), []);
});

test("a hand on a later page changes places with the last quiet tile of the first", () => {
  const people = { s: {}, a: {}, b: {}, c: {}, d: {} };
  assert.deepEqual(ordered(people, ["a", "b", "c", "d"], { hands: ["d"] }), ["a", "d", "c", "b"]);
});

test("a hand or a speaker on the first page stays where it is", () => {
  const people = { s: {}, a: {}, b: {}, c: {} };
  assert.deepEqual(ordered(people, ["a", "b", "c"], { hands: ["b"], speakers: ["a"] }), ["a", "b", "c"]);
});

test("hands go before speakers, and a tile with a hand or a voice is not moved away", () => {
  const people = { s: {}, a: {}, b: {}, c: {}, d: {} };
  assert.deepEqual(ordered(people, ["a", "b", "c", "d"], { hands: ["a", "b"], speakers: ["d"] }), ["a", "b", "c", "d"]);
  assert.deepEqual(ordered(people, ["a", "b", "c", "d"], { hands: ["a"], speakers: ["d"] }), ["a", "d", "c", "b"]);
});

test("hands of people the page does not know change nothing", () => {
  assert.deepEqual(ordered({ s: {}, a: {}, b: {}, c: {} }, ["a", "b", "c"], { hands: ["zz", "s"], speakers: ["yy"] }), [
    "a",
    "b",
    "c",
  ]);
});

test("everyone is in the gallery exactly once, whatever happens", () => {
  let order = /** @type {string[]} */ ([]);
  let seed = 7;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  for (let round = 0; round < 300; round += 1) {
    const ids = [..."abcdefghijkl"].filter(() => random() < 0.6);
    const people = Object.fromEntries([["s", {}], ...ids.map((id) => [id, {}])]);
    const some = ids.filter(() => random() < 0.3);
    order = ordered(people, order, { hands: some, speakers: [...some].reverse() }, 1 + Math.floor(random() * 6));
    assert.deepEqual([...order].sort(), ids);
  }
});

test("tiles are as large as the space allows", () => {
  const one = gridFor({ width: 1600, height: 900, count: 1 });
  assert.deepEqual([one.columns, one.rows, one.width, one.height], [1, 1, 1600, 900]);
  const four = gridFor({ width: 1608, height: 908, count: 4 });
  assert.deepEqual([four.columns, four.rows, four.width], [2, 2, 800]);
});

test("a low strip has one row, a narrow column one tile beside the other", () => {
  const strip = gridFor({ width: 1400, height: 120, count: 6 });
  assert.equal(strip.rows, 1);
  const column = gridFor({ width: 160, height: 700, count: 4 });
  assert.equal(column.columns, 1);
});

test("more people than fit at a readable size go to further pages", () => {
  const grid = gridFor({ width: 390, height: 300, count: 40, limit: 25, minWidth: 120 });
  assert.ok(grid.size < 25 && grid.width >= 120);
  assert.equal(gridFor({ width: 100, height: 80, count: 12 }).size, 1);
});

test("a page never has more tiles than the limit", () => {
  assert.equal(gridFor({ width: 4000, height: 3000, count: 100, limit: 10 }).size, 10);
});

test("tiles fit into their space", () => {
  for (let count = 1; count <= 25; count += 1) {
    for (const [width, height] of [
      [1400, 120],
      [390, 400],
      [1000, 700],
      [300, 900],
    ]) {
      const grid = gridFor({ width, height, count, limit: 25 });
      assert.ok(grid.columns * grid.width + 8 * (grid.columns - 1) <= width, `${count} in ${width}×${height}`);
      assert.ok(grid.rows * grid.height + 8 * (grid.rows - 1) <= height, `${count} in ${width}×${height}`);
      assert.ok(grid.columns * grid.rows >= grid.size);
    }
  }
});

test("a page beyond the last is the last", () => {
  assert.deepEqual(pageOf(["a", "b", "c"], 7, 2), { pages: 2, page: 1, items: ["c"] });
  assert.deepEqual(pageOf([], 0, 4), { pages: 1, page: 0, items: [] });
});

test("heights go in steps", () => {
  assert.deepEqual([0, 100, 130, 393, 800].map(heightStep), [90, 90, 180, 360, 720]);
});

const PEOPLE = crowd({
  s: { camera: true },
  t: { ...T, screen: true },
  a: { camera: true },
  b: { camera: true },
  c: {},
});

test("the stage is asked first, then the page's cameras, the rest is off", () => {
  const slots = plan(PEOPLE, { stage: { participant: "t", source: "camera" }, tiles: ["a", "c"] });
  assert.deepEqual(slots, [
    { mid: "8", want: "pinned", producer: "t:camera", maxHeight: 720 },
    { mid: "9", want: "page", producer: "a:camera", maxHeight: 180 },
    { mid: "10", want: "off" },
  ]);
});

test("a screen on the stage leaves room for its owner's camera", () => {
  const slots = plan(PEOPLE, { stage: { participant: "t", source: "screen" }, tiles: ["t", "a"] });
  assert.deepEqual(
    slots.map((slot) => slot.producer),
    ["t:screen", "t:camera", "a:camera"],
  );
  assert.equal(slots[0].maxHeight, 810, "more than a camera on the same stage: text blurs first");
});

test("cameras that are off are not asked for, nor a stage without a picture", () => {
  const slots = plan(PEOPLE, { stage: { participant: "c", source: "camera" }, tiles: ["c", "x"] });
  assert.deepEqual(
    slots.map((slot) => slot.want),
    ["off", "off", "off"],
  );
});

test("a producer that moves between stage and gallery keeps its slot", () => {
  const before = plan(PEOPLE, { stage: { participant: "t", source: "camera" }, tiles: ["a", "b"] });
  const after = plan(PEOPLE, { stage: { participant: "b", source: "camera" }, tiles: ["a", "t"] }, before);
  const mids = (/** @type {any[]} */ slots) => Object.fromEntries(slots.map((slot) => [slot.producer, slot.mid]));
  assert.deepEqual(mids(after), mids(before));
  assert.equal(after.find((slot) => slot.producer === "b:camera")?.want, "pinned");
});

test("a newcomer takes the slot that became free", () => {
  const before = plan(PEOPLE, { tiles: ["t", "a"] });
  const after = plan(PEOPLE, { tiles: ["b", "a"] }, before);
  assert.deepEqual(
    after.map((slot) => [slot.mid, slot.producer]),
    [
      ["8", "b:camera"],
      ["9", "a:camera"],
      ["10", undefined],
    ],
  );
});

test("more cameras than slots: the first ones have pictures, the stage always", () => {
  const slots = plan(PEOPLE, { mids: ["8", "9"], stage: { participant: "b", source: "camera" }, tiles: ["a", "t"] });
  assert.deepEqual(
    slots.map((slot) => slot.producer),
    ["b:camera", "a:camera"],
  );
});

test("each mid is asked once, and slots of an older connection are forgotten", () => {
  const before = /** @type {any} */ ([{ mid: "3", want: "page", producer: "a:camera", maxHeight: 90 }]);
  const slots = plan(PEOPLE, { tiles: ["a", "b"] }, before);
  assert.deepEqual(
    slots.map((slot) => slot.mid),
    ["8", "9", "10"],
  );
});

test("a hidden page asks for no picture", () => {
  const slots = plan(PEOPLE, { visible: false, stage: { participant: "t", source: "camera" }, tiles: ["a"] });
  assert.deepEqual(
    slots.map((slot) => slot.want),
    ["off", "off", "off"],
  );
});
