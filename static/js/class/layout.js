// The layout: who is on the stage and in the gallery, and which producer each receiving slot shows. Pure: no DOM, no
// clock.
//
// `stageOf` says who is large, `galleryOrder` gives the others their places and moves as few as possible, `gridFor`
// says how many tiles fit, `planSlots` makes the `layout` message. A producer that stays in view keeps its slot, so its
// picture never flickers.

import { producerId, producerParts } from "./producer-id.js";
import { isStaff } from "./state.js";

/** @typedef {import("./types.js").Participant} Participant */
/** @typedef {{participant: string, source: import("./types.js").VideoSource}} Shown */
/** @typedef {{columns: number, rows: number, size: number, width: number, height: number}} Grid */

const PAGE_SIZES = [1, 2, 4, 6, 9, 12, 16, 25];
const RATIO = 16 / 9;

/**
 * The stage shows a shared screen, else the pinned person, else the teacher, else the dominant speaker. For staff the
 * last two do not apply: without a share or a pin they see the gallery alone.
 * @param {{selfId: string, participants: Record<string, Participant>, pinned: string|null, dominant: string|null}} view
 * @param {Shown|null} previous what the stage shows now @returns {Shown|null}
 */
export function stageOf({ selfId, participants, pinned, dominant }, previous) {
  const others = Object.values(participants).filter((one) => one.id !== selfId);
  const sharing = others.filter((one) => one.screen);
  const pin = pinnedShown(participants, pinned);
  if (pin?.source === "screen") return pin;
  const share =
    sharing.find((one) => one.id === previous?.participant) ?? sharing.find((one) => isStaff(one.role)) ?? sharing[0];
  if (share) return { participant: share.id, source: "screen" };
  if (pin) return pin;
  if (isStaff(participants[selfId]?.role)) return null;
  return teacherOrSpeaker(others, selfId, dominant, previous);
}

/** @param {Record<string, Participant>} participants @param {string|null} pinned @returns {Shown|null} */
function pinnedShown(participants, pinned) {
  if (!pinned) return null;
  const { participant, source } = producerParts(pinned);
  const one = participants[participant];
  if (!one || (source === "screen" && !one.screen)) return null;
  return { participant, source: /** @type {Shown["source"]} */ (source) };
}

/**
 * @param {Participant[]} others @param {string} selfId @param {string|null} dominant @param {Shown|null} previous
 * @returns {Shown|null}
 */
function teacherOrSpeaker(others, selfId, dominant, previous) {
  const teachers = others.filter((one) => one.role === "teacher").sort((a, b) => a.order - b.order);
  const teacher = teachers.find((one) => one.camera) ?? teachers[0];
  if (teacher) return { participant: teacher.id, source: "camera" };
  const speaker = dominant && dominant !== selfId && others.find((one) => one.id === dominant);
  if (speaker) return { participant: speaker.id, source: "camera" };
  const kept = previous?.source === "camera" && others.find((one) => one.id === previous.participant);
  return kept ? previous : null;
}

/**
 * The order of the gallery. People who were there keep their places; the last one takes the place of a person who
 * leaves; newcomers go to the end. A raised hand or a speaker outside the first page changes places with the last quiet
 * tile of the first page.
 * @param {{selfId: string, participants: Record<string, Participant>, hands: string[], speakers: string[]}} view
 * @param {string[]} previous @param {number} size tiles on a page @returns {string[]}
 */
export function galleryOrder({ selfId, participants, hands, speakers }, previous, size) {
  const present = (/** @type {string} */ id) => id !== selfId && id in participants;
  const order = withoutLeavers(previous, present);
  const newcomers = Object.values(participants)
    .filter((one) => present(one.id) && !order.includes(one.id))
    .sort((a, b) => Number(isStaff(b.role)) - Number(isStaff(a.role)) || a.order - b.order);
  order.push(...newcomers.map((one) => one.id));
  const wanted = [...hands.slice(0, size), ...speakers.slice(0, Math.ceil(size / 2))].filter(present);
  for (const id of wanted) promote(order, id, wanted, size);
  return order;
}

/** @param {string[]} previous @param {(id: string) => boolean} present */
function withoutLeavers(previous, present) {
  const order = [...previous];
  for (let index = 0; index < order.length;) {
    if (present(order[index])) {
      index += 1;
      continue;
    }
    const last = /** @type {string} */ (order.pop());
    if (index < order.length) order[index] = last;
  }
  return order;
}

/** @param {string[]} order @param {string} id @param {string[]} wanted @param {number} size */
function promote(order, id, wanted, size) {
  const from = order.indexOf(id);
  if (from < size) return;
  for (let to = Math.min(size, order.length) - 1; to >= 0; to -= 1) {
    if (wanted.includes(order[to])) continue;
    [order[to], order[from]] = [order[from], order[to]];
    return;
  }
}

/**
 * The largest 16:9 tiles that show as many of `count` people as fit, at most `limit`.
 * @param {{width: number, height: number, count: number, gap?: number, minWidth?: number, limit?: number}} space
 * @returns {Grid}
 */
export function gridFor({ width, height, count, gap = 8, minWidth = 132, limit = 9 }) {
  const cap = Math.max(1, Math.min(limit, count));
  const sizes = [cap, ...PAGE_SIZES.filter((size) => size < cap).reverse()];
  for (const size of sizes) {
    const grid = bestGrid(width, height, size, gap);
    if (grid.width >= minWidth || size === 1) return grid;
  }
  return bestGrid(width, height, 1, gap);
}

/** @param {number} width @param {number} height @param {number} size @param {number} gap @returns {Grid} */
function bestGrid(width, height, size, gap) {
  let best = { columns: 1, rows: size, size, width: 0, height: 0 };
  for (let columns = 1; columns <= size; columns += 1) {
    const rows = Math.ceil(size / columns);
    const tile = Math.min((width - gap * (columns - 1)) / columns, ((height - gap * (rows - 1)) / rows) * RATIO);
    if (tile > best.width) best = { columns, rows, size, width: Math.floor(tile), height: Math.floor(tile / RATIO) };
  }
  return best;
}

/**
 * A page of the gallery; a number out of range is brought into it.
 * @template T @param {T[]} list @param {number} page @param {number} size
 */
export function pageOf(list, page, size) {
  const pages = Math.max(1, Math.ceil(list.length / Math.max(1, size)));
  const current = Math.min(page, pages - 1);
  return { pages, page: current, items: list.slice(current * size, current * size + size) };
}

/**
 * The height to ask for. It goes in steps, so that resizing a window by a pixel changes nothing, and lies a tenth below
 * the real height: the server sends the layer that reaches it, and a picture stretched by a tenth looks the same.
 * @param {number} pixels
 */
export function heightStep(pixels) {
  return Math.max(90, Math.ceil((pixels * 0.9) / 90) * 90);
}

/**
 * The wish for each video slot: a producer that had a slot keeps it, the others take the free ones.
 * @param {{mids: string[], stage: Shown|null, tiles: string[], participants: Record<string, Participant>,
 *   selfId: string, stageHeight: number, tileHeight: number, visible: boolean}} view
 * @param {import("./types.js").SlotWant[]} previous the last request @returns {import("./types.js").SlotWant[]}
 */
export function planSlots(view, previous) {
  const wanted = view.visible ? producersInView(view).slice(0, view.mids.length) : [];
  const before = new Map(previous.filter((slot) => slot.producer).map((slot) => [slot.producer, slot.mid]));
  const taken = new Map();
  for (const want of wanted) {
    const mid = before.get(want.producer);
    if (mid !== undefined && view.mids.includes(mid) && !taken.has(mid)) taken.set(mid, want);
  }
  const placed = new Set([...taken.values()].map((want) => want.producer));
  const free = view.mids.filter((mid) => !taken.has(mid));
  for (const want of wanted) {
    if (!placed.has(want.producer)) taken.set(free.shift(), want);
  }
  return view.mids.map((mid) => ({ mid, want: /** @type {const} */ ("off"), ...taken.get(mid) }));
}

/** A shared screen is asked for a quarter larger than it is shown: at its own size, text blurs. */
const SCREEN_DETAIL = 1.25;

/** @param {Parameters<typeof planSlots>[0]} view */
function producersInView({ stage, tiles, participants, selfId, stageHeight, tileHeight }) {
  /** @type {{want: "pinned"|"page", producer: string, maxHeight: number}[]} */
  const wanted = [];
  if (stage && stage.participant !== selfId && participants[stage.participant]?.[stage.source]) {
    const height = stage.source === "screen" ? stageHeight * SCREEN_DETAIL : stageHeight;
    wanted.push({
      want: "pinned",
      producer: producerId(stage.participant, stage.source),
      maxHeight: heightStep(height),
    });
  }
  for (const id of tiles) {
    const producer = producerId(id, "camera");
    if (!participants[id]?.camera || wanted.some((want) => want.producer === producer)) continue;
    wanted.push({ want: "page", producer, maxHeight: heightStep(tileHeight) });
  }
  return wanted;
}
