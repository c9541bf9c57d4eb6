// What a payment must not lose: its order outlives the page (localStorage), and one tab tells the others that it
// enrolled.

/** @typedef {import("./checkout.js").Pending} Pending */

const KEPT_MS = 3 * 86_400_000;

/** @param {string} classId */
export function pendingMemory(classId) {
  const key = `liveclass:order:${classId}`;
  return {
    /** @returns {Pending|null} */
    read() {
      try {
        const kept = JSON.parse(localStorage.getItem(key) ?? "null");
        return kept && Date.now() - kept.at < KEPT_MS ? kept : null;
      } catch {
        return null;
      }
    },
    /** @param {Pending|null} pending */
    keep(pending) {
      try {
        if (pending) localStorage.setItem(key, JSON.stringify(pending));
        else localStorage.removeItem(key);
      } catch {
        // Without storage the order is still known to the server, and to the gateway's webhook.
      }
    },
  };
}

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("liveclass:enrolled") : null;

export const told = {
  /** @param {string} classId */
  enrolled: (classId) => channel?.postMessage(classId),
  /** @param {string} classId @param {() => unknown} run @returns {() => void} */
  listen(classId, run) {
    const hear = (/** @type {MessageEvent} */ { data }) => data === classId && run();
    channel?.addEventListener("message", hear);
    return () => channel?.removeEventListener("message", hear);
  },
};
