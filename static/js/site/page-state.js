// What all pages share: who is signed in, the minute, short messages.

import { computed, effect, signal } from "@preact/signals";
import { get, post } from "../shared/api.js";
import { signInPath } from "../shared/links.js";
import { resource } from "./resource.js";

/** @typedef {import("./api-types.js").Account} Account */

const TICK_MS = 10_000;

export const me = resource(/** @returns {Promise<{account: Account|null, notices: number}>} */ () => get("/api/me"));
export const account = computed(() => me.state.value.data?.account ?? null);
export const unread = computed(() => me.state.value.data?.notices ?? 0);
/** Known, one way or the other. */
export const isKnown = computed(() => me.state.value.data !== null);

/** Settles when it is known, or cannot be, who is signed in. @type {Promise<void>} */
export let knowing = Promise.resolve();

/** The time, for countdowns; moves every ten seconds. */
export const now = signal(Date.now());

/** What has just happened, shown for a while and read aloud. */
export const said = signal(/** @type {{text: string, kind: "info"|"danger", id: number}|null} */ (null));

/** @param {string} text @param {"info"|"danger"} [kind] */
export function say(text, kind = "info") {
  said.value = { text, kind, id: (said.value?.id ?? 0) + 1 };
}

/** @param {...string} roles */
export const isA = (...roles) => roles.includes(account.value?.role ?? "");

/** Pages that are somebody's own: strangers sign in first and come back. */
export function needAccount() {
  return effect(() => {
    if (isKnown.value && !account.value) location.replace(signInPath(location.pathname + location.search));
  });
}

export async function signOut() {
  try {
    await post("/api/auth/logout");
    location.assign("/classes");
  } catch (error) {
    say(/** @type {Error} */ (error).message, "danger");
  }
}

/**
 * Runs while the page is seen, at once when it is seen again.
 * @param {() => unknown} run @param {number} ms @returns {() => void} ends it
 */
export function whileVisible(run, ms) {
  const turn = () => document.visibilityState === "visible" && run();
  const timer = setInterval(turn, ms);
  document.addEventListener("visibilitychange", turn);
  addEventListener("online", turn);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", turn);
    removeEventListener("online", turn);
  };
}

export function begin() {
  knowing = me.load();
  whileVisible(() => (now.value = Date.now()), TICK_MS);
}
