// What the page shows now: the stage, the gallery's page and its grid, derived from the state and the measured space.

import { computed, signal } from "@preact/signals";
import { galleryOrder, gridFor, pageOf, stageOf } from "./layout.js";
import * as store from "./store.js";

/** Measured by the views, in CSS pixels. */
export const stageSpace = signal({ width: 1280, height: 720 });
export const gallerySpace = signal({ width: 640, height: 360 });

/** Whether anyone can see the page (a picture-in-picture window counts for the stage). */
export const visible = signal(true);

/** The receiving slots' streams by mid, and the mids of the video ones; set when the peer has made its offer. */
export const streams = signal(/** @type {Record<string, MediaStream>} */ ({}));
export const videoMids = signal(/** @type {string[]} */ ([]));
export const audioMids = signal(/** @type {string[]} */ ([]));

/** @type {import("./layout.js").Shown|null} */
let lastStage = null;
/** @type {string[]} */
let lastOrder = [];

export const stage = computed(() => {
  const { participants, self, pinned, dominant } = store;
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
  const { [shown ?? ""]: _onStage, ...rest } = store.participants.value;
  return rest;
});

/** One's own tile: a place of the grid for all who can be seen themselves. */
const ownPlaces = computed(() => (store.self.value?.can.publish ? 1 : 0));

/** The grid holds the page's people and, as its last tile, oneself. */
export const grid = computed(() => {
  const selfId = store.self.value?.id ?? "";
  const count = Object.keys(others.value).filter((id) => id !== selfId).length + ownPlaces.value;
  const limit = (videoMids.value.length || 10) - (stage.value ? 1 : 0) + ownPlaces.value;
  const minWidth = gallerySpace.value.width < 600 ? 120 : 172;
  return gridFor({ ...gallerySpace.value, count, limit, minWidth });
});

const pageSize = computed(() => Math.max(1, grid.value.size - ownPlaces.value));

const order = computed(() => {
  const view = {
    selfId: store.self.value?.id ?? "",
    participants: others.value,
    hands: store.hands.value,
    speakers: store.speakers.value,
  };
  const next = galleryOrder(view, lastOrder, pageSize.value);
  const same = next.length === lastOrder.length && next.every((id, index) => id === lastOrder[index]);
  lastOrder = same ? lastOrder : next;
  return lastOrder;
});

export const galleryPage = computed(() => pageOf(order.value, store.page.value, pageSize.value));
