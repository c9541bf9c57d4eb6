// JSON values in the browser's storage. A full or forbidden storage costs comfort, nothing else: reading gives null,
// and writing does nothing.

/** @typedef {"localStorage"|"sessionStorage"} Area */

/** @param {Area} area @param {string} key @returns {any} the value, or null */
export function readJson(area, key) {
  try {
    return JSON.parse(globalThis[area].getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** Writes a value; null removes it. @param {Area} area @param {string} key @param {object|null} value */
export function writeJson(area, key, value) {
  try {
    if (value === null) globalThis[area].removeItem(key);
    else globalThis[area].setItem(key, JSON.stringify(value));
  } catch {
    // as above
  }
}
