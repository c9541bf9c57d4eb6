// Which module may import which: shared ← ui ← class or site. No circles, and one meaning for each module's name.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, posix } from "node:path";
import { test } from "node:test";

/** The folders that modules of each folder may import from. @type {Record<string, string[]>} */
const MAY_IMPORT = {
  shared: ["shared"],
  ui: ["ui", "shared"],
  class: ["class", "ui", "shared"],
  site: ["site", "ui", "shared"],
};

const root = new URL("../../static/js/", import.meta.url);
const names = readdirSync(root, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith(".js"));

/** Import statements, loads at run time and types in comments alike. @param {string} text @returns {string[]} */
function specifiers(text) {
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => match[1]);
}

/** Without what is imported as a type only: a circle of types does no harm. @param {string} text */
const code = (text) => text.replace(/\/\*\*[\s\S]*?\*\//g, "");

/** @param {string} name @param {(text: string) => string} read @returns {string[]} the modules that one imports */
function importsOf(name, read) {
  const text = read(readFileSync(new URL(name, root), "utf8"));
  return specifiers(text).map((path) => posix.join(dirname(name), path));
}

const folderOf = (/** @type {string} */ name) => name.split("/")[0];

test("every module lies in one of the four folders and imports from the folders below it only", () => {
  for (const name of names) {
    const allowed = MAY_IMPORT[folderOf(name)];
    assert.ok(allowed, `${name} lies outside the folders`);
    for (const path of importsOf(name, String)) assert.ok(allowed.includes(folderOf(path)), `${name} imports ${path}`);
  }
});

test("every import names a module that exists", () => {
  for (const name of names)
    for (const path of importsOf(name, String)) assert.ok(names.includes(path), `${name} imports ${path}`);
});

test("no modules import each other in a circle", () => {
  /** @type {Set<string>} */
  const done = new Set();
  /** @param {string} name @param {string[]} way */
  const follow = (name, way) => {
    assert.ok(!way.includes(name), [...way.slice(way.indexOf(name)), name].join(" → "));
    if (done.has(name)) return;
    for (const path of importsOf(name, code)) follow(path, [...way, name]);
    done.add(name);
  };
  for (const name of names) follow(name, []);
});

test("no two modules share a name, except the two that start the pages", () => {
  /** @type {Map<string, string[]>} */
  const places = new Map();
  for (const name of names) places.set(basename(name), [...(places.get(basename(name)) ?? []), name]);
  places.delete("main.js");
  assert.deepEqual(
    [...places.values()].filter((some) => some.length > 1),
    [],
  );
});

test("the rules see static, dynamic and type imports", () => {
  const text = [
    'import { a } from "./a.js";',
    'const load = () => import("../b.js");',
    '/** @type {import("./c.js").C} */',
    'export { d } from "./d.js";',
  ].join("\n");
  assert.deepEqual(specifiers(text), ["./a.js", "../b.js", "./c.js", "./d.js"]);
  assert.deepEqual(specifiers(code(text)), ["./a.js", "../b.js", "./d.js"]);
});
