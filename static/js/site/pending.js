// Keeps the order of a payment beyond the page (localStorage), and tells other tabs that this one has enrolled.

import { readJson, writeJson } from "../shared/storage.js";

/** @typedef {import("./checkout.js").Pending} Pending */

const KEPT_MS = 3 * 86_400_000;

/** @param {string} classId */
export function pendingMemory(classId) {
  const key = `liveclass:order:${classId}`;
  return {
    /** @returns {Pending|null} */
    read() {
      const kept = readJson("localStorage", key);
      return kept && Date.now() - kept.at < KEPT_MS ? kept : null;
    },
    /** @param {Pending|null} pending */
    keep: (pending) => writeJson("localStorage", key, pending),
  };
}

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("liveclass:enrolled") : null;

export const enrolments = {
  /** @param {string} classId */
  announce: (classId) => channel?.postMessage(classId),
  /** @param {string} classId @param {() => unknown} run @returns {() => void} */
  listen(classId, run) {
    const hear = (/** @type {MessageEvent} */ { data }) => data === classId && run();
    channel?.addEventListener("message", hear);
    return () => channel?.removeEventListener("message", hear);
  },
};
