// What outlives a reload (sessionStorage, per tab and class) and what outlives the tab (localStorage: devices, theme).

import { readJson, writeJson } from "../shared/storage.js";

/** @typedef {{token?: string, resume?: string|null, inClass?: boolean, microphone?: boolean, camera?: boolean}} Kept */

const PREFERENCES = "liveclass:preferences";

/** @param {string} classId */
export function classMemory(classId) {
  const key = `liveclass:${classId}`;
  return {
    /** @returns {Kept} */
    read: () => readJson("sessionStorage", key) ?? {},
    /** @param {Kept} change */
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
