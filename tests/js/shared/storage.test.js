import assert from "node:assert/strict";
import { test } from "node:test";
import { readJson, writeJson } from "../../../static/js/shared/storage.js";

/** Gives the page a storage for one test. @param {import("node:test").TestContext} t @param {() => any} get */
function withStorage(t, get) {
  const before = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
  Object.defineProperty(globalThis, "localStorage", { get, configurable: true });
  t.after(() => {
    if (before) Object.defineProperty(globalThis, "localStorage", before);
    else Reflect.deleteProperty(globalThis, "localStorage");
  });
}

/** A storage that holds its items in a Map. */
function memory() {
  const items = new Map();
  return {
    getItem: (/** @type {string} */ key) => items.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ text) => void items.set(key, text),
    removeItem: (/** @type {string} */ key) => void items.delete(key),
  };
}

test("a value comes back as it was written, and null removes it", (t) => {
  const storage = memory();
  withStorage(t, () => storage);
  assert.equal(readJson("localStorage", "a"), null);
  writeJson("localStorage", "a", { b: [1] });
  assert.deepEqual(readJson("localStorage", "a"), { b: [1] });
  writeJson("localStorage", "a", null);
  assert.equal(storage.getItem("a"), null);
});

test("a storage that holds nonsense reads as empty", (t) => {
  const storage = memory();
  storage.setItem("a", "{half");
  withStorage(t, () => storage);
  assert.equal(readJson("localStorage", "a"), null);
});

test("a storage that is full or forbidden does no harm", (t) => {
  const refuse = () => {
    throw new DOMException("", "SecurityError");
  };
  for (const get of [refuse, () => ({ getItem: refuse, setItem: refuse, removeItem: refuse })]) {
    withStorage(t, get);
    assert.equal(readJson("localStorage", "a"), null);
    for (const value of [{}, null]) writeJson("localStorage", "a", value);
  }
});
