// What outlives a reload (sessionStorage, per tab and class) and what outlives the tab (localStorage: devices, theme).

/** @typedef {{token?: string, resume?: string|null, inClass?: boolean, microphone?: boolean, camera?: boolean}} Kept */

/** @param {Storage} storage @param {string} key @returns {any} */
function read(storage, key) {
  try {
    return JSON.parse(storage.getItem(key) ?? "{}");
  } catch {
    return {};
  }
}

/** @param {Storage} storage @param {string} key @param {object} value */
function write(storage, key, value) {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    // A full or forbidden storage costs the comfort of a reload, nothing else.
  }
}

/** @param {string} classId */
export function classMemory(classId) {
  const key = `liveclass:${classId}`;
  return {
    /** @returns {Kept} */
    read: () => read(sessionStorage, key),
    /** @param {Kept} change */
    keep: (change) => write(sessionStorage, key, { ...read(sessionStorage, key), ...change }),
  };
}

/** @returns {{devices?: import("./types.js").DeviceChoice, theme?: "dark"|"light"}} */
export function preferences() {
  return read(localStorage, "liveclass:preferences");
}

/** @param {ReturnType<typeof preferences>} change */
export function keepPreferences(change) {
  write(localStorage, "liveclass:preferences", { ...preferences(), ...change });
}
