// An answer of the server as a signal: asked for, there, or failed. What is there stays while it is asked for again.

import { signal } from "@preact/signals";
import { asApiError } from "../shared/api.js";

/** A wait shorter than this shows nothing. */
const SLOW_MS = 300;

/**
 * @template T
 * @typedef {{data: T|null, error: import("../shared/api.js").ApiError|null, busy: boolean, slow: boolean}} Asked
 */

/**
 * @template T @param {() => Promise<T>} ask
 * @param {{setTimeout: (run: () => void, ms: number) => any, clearTimeout: (id: any) => void}} [clock]
 */
export function resource(ask, clock = globalThis) {
  const state = signal(/** @type {Asked<T>} */ ({ data: null, error: null, busy: false, slow: false }));
  let turn = 0;

  /**
   * Asks the server; of several requests under way the last one counts. After a failure, `quiet` keeps what is shown.
   * @param {{quiet?: boolean}} [how]
   */
  async function load({ quiet = false } = {}) {
    const own = (turn += 1);
    const late = clock.setTimeout(() => own === turn && (state.value = { ...state.value, slow: true }), SLOW_MS);
    state.value = { ...state.value, busy: true };
    try {
      const data = await ask();
      if (own === turn) state.value = { data, error: null, busy: false, slow: false };
    } catch (thrown) {
      if (own !== turn) return;
      const error = quiet && state.value.data ? null : asApiError(thrown);
      state.value = { ...state.value, error, busy: false, slow: false };
    } finally {
      clock.clearTimeout(late);
    }
  }

  return {
    state,
    load,
    /** @param {T} data */
    set: (data) => void (state.value = { data, error: null, busy: false, slow: false }),
  };
}
