// What the page remembers: for a reload, in sessionStorage by class; for good, in localStorage: devices and theme.

import { readJson, writeJson } from "../shared/storage.js";

/**
 * @typedef {{token?: string, resume?: string|null, inClass?: boolean, microphone?: boolean, camera?: boolean}}
 *   Remembered
 */

const PREFERENCES = "liveclass:preferences";

/** @param {string} classId */
export function classMemory(classId) {
  const key = `liveclass:${classId}`;
  return {
    /** @returns {Remembered} */
    read: () => readJson("sessionStorage", key) ?? {},
    /** @param {Remembered} change */
    keep: (change) => writeJson("sessionStorage", key, { ...readJson("sessionStorage", key), ...change }),
  };
}

/** @returns {{devices?: import("./types.js").DeviceChoice, theme?: "dark"|"light"}} */
export function preferences() {
  return readJson("localStorage", PREFERENCES) ?? {};
}

/** @param {ReturnType<typeof preferences>} change */
export function keepPreferences(change) {
  writeJson("localStorage", PREFERENCES, { ...preferences(), ...change });
}
