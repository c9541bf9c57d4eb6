// The signals that the views draw from: the state of the lesson and its parts; and, for the space the window has, the
// person on the stage, the page of the gallery and its grid.

import { computed, signal } from "@preact/signals";
import { galleryOrder, gridFor, pageOf, stageOf } from "./layout.js";
import { initialState, reduce } from "./state.js";

/** @typedef {import("./state.js").State} State */

export const state = signal(initialState(""));

/** @param {string} type @param {any} [payload] */
export function dispatch(type, payload) {
  state.value = reduce(state.value, { type, payload, now: Date.now() });
}

/** @template {keyof State} K @param {K} key @returns {import("@preact/signals").ReadonlySignal<State[K]>} */
function slice(key) {
  return computed(() => state.value[key]);
}

export const phase = slice("phase");
export const link = slice("link");
export const retry = slice("retry");
export const connection = slice("connection");
export const over = slice("over");
export const joinError = slice("joinError");
export const self = slice("self");
export const title = slice("title");
export const started = slice("started");
export const startedAt = slice("startedAt");
export const locked = slice("locked");
export const clockOffset = slice("clockOffset");
export const participants = slice("participants");
export const total = slice("total");
export const hands = slice("hands");
export const slots = slice("slots");
export const speakers = slice("speakers");
export const dominant = slice("dominant");
export const quality = slice("quality");
export const chat = slice("chat");
export const unread = slice("unread");
export const panel = slice("panel");
export const pinned = slice("pinned");
export const page = slice("page");
export const reactions = slice("reactions");
export const toasts = slice("toasts");
export const announcement = slice("announcement");
export const soundBlocked = slice("soundBlocked");
export const draining = slice("draining");

/** Measured by the views, in CSS pixels. */
export const stageSpace = signal({ width: 1280, height: 720 });
export const gallerySpace = signal({ width: 640, height: 360 });

/** Whether the page can be seen; a picture-in-picture window counts. */
export const visible = signal(true);

/** The streams of the receiving slots by mid, and the mids by kind; set when the peer has made its offer. */
export const streams = signal(/** @type {Record<string, MediaStream>} */ ({}));
export const videoMids = signal(/** @type {string[]} */ ([]));
export const audioMids = signal(/** @type {string[]} */ ([]));

/** @type {import("./layout.js").Shown|null} */
let lastStage = null;
/** @type {string[]} */
let lastOrder = [];

export const stage = computed(() => {
  const next = stageOf(
    { selfId: self.value?.id ?? "", participants: participants.value, pinned: pinned.value, dominant: dominant.value },
    lastStage,
  );
  const same = next?.participant === lastStage?.participant && next?.source === lastStage?.source;
  lastStage = same ? lastStage : next;
  return lastStage;
});

const others = computed(() => {
  const shown = stage.value?.source === "camera" ? stage.value.participant : null;
  const { [shown ?? ""]: _onStage, ...rest } = participants.value;
  return rest;
});

/** The own tile takes one place of the grid, for people who may send a picture. */
const ownPlaces = computed(() => (self.value?.can.publish ? 1 : 0));

/** The grid holds the people of the page and, as its last tile, the own picture. */
export const grid = computed(() => {
  const selfId = self.value?.id ?? "";
  const count = Object.keys(others.value).filter((id) => id !== selfId).length + ownPlaces.value;
  const limit = (videoMids.value.length || 10) - (stage.value ? 1 : 0) + ownPlaces.value;
  const minWidth = gallerySpace.value.width < 600 ? 120 : 172;
  return gridFor({ ...gallerySpace.value, count, limit, minWidth });
});

const pageSize = computed(() => Math.max(1, grid.value.size - ownPlaces.value));

const order = computed(() => {
  const view = {
    selfId: self.value?.id ?? "",
    participants: others.value,
    hands: hands.value,
    speakers: speakers.value,
  };
  const next = galleryOrder(view, lastOrder, pageSize.value);
  const same = next.length === lastOrder.length && next.every((id, index) => id === lastOrder[index]);
  lastOrder = same ? lastOrder : next;
  return lastOrder;
});

export const galleryPage = computed(() => pageOf(order.value, page.value, pageSize.value));
