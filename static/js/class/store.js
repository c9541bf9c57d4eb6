// The one signal that holds the class's state, and views into it that change only when their part does.

import { computed, signal } from "@preact/signals";
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
export const media = slice("media");
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
