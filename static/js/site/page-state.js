// The state that all pages share: the account that is signed in, the present time, short messages.

import { computed, effect, signal } from "@preact/signals";
import { get, post } from "../shared/api.js";
import { signInPath } from "../shared/links.js";
import { resource } from "./resource.js";

/** @typedef {import("./api-types.js").Account} Account */

const TICK_MS = 10_000;

export const me = resource(/** @returns {Promise<{account: Account|null, notices: number}>} */ () => get("/api/me"));
export const account = computed(() => me.state.value.data?.account ?? null);
export const unreadNotices = computed(() => me.state.value.data?.notices ?? 0);
/** Whether the server has said who is signed in. */
export const isKnown = computed(() => me.state.value.data !== null);

/** Settles when the server has said who is signed in, or could not be asked. @type {Promise<void>} */
export let accountAsked = Promise.resolve();

/** The present time, for countdowns; it moves every ten seconds. */
export const now = signal(Date.now());

/** The last message: shown for a while and read aloud. */
export const said = signal(/** @type {{text: string, kind: "info"|"danger", id: number}|null} */ (null));

/** @param {string} text @param {"info"|"danger"} [kind] */
export function say(text, kind = "info") {
  said.value = { text, kind, id: (said.value?.id ?? 0) + 1 };
}

/** @param {...string} roles */
export const isA = (...roles) => roles.includes(account.value?.role ?? "");

/** Sends a visitor who is not signed in to the sign-in page, which leads back here. */
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
 * Runs something every `ms` while the page is visible, and at once when it becomes visible again.
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
  accountAsked = me.load();
  whileVisible(() => (now.value = Date.now()), TICK_MS);
}
