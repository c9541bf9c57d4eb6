// The files of the pages fit together: imported modules exist, icons and import map are complete, lines are short.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { ICONS, spriteOf } from "../../tools/icons.js";

const root = new URL("../../", import.meta.url);
const page = readFileSync(new URL("static/class.html", root), "utf8");
const imports = JSON.parse(page.match(/<script type="importmap">(.*?)<\/script>/s)?.[1] ?? "{}").imports;
const scripts = readdirSync(new URL("static/js/", root), { recursive: true })
  .map(String)
  .filter((name) => name.endsWith(".js"))
  .map((name) => ({ name, text: readFileSync(new URL(`static/js/${name}`, root), "utf8") }));

test("every bare import has a place in the import map, and every place a file", () => {
  const bare = scripts.flatMap(({ text }) =>
    [...text.matchAll(/^import .*?from "([^."][^"]*)"/gms)].map((match) => match[1]),
  );
  for (const name of new Set(bare)) assert.ok(name in imports, name);
  for (const path of Object.values(imports)) {
    assert.ok(existsSync(new URL(path.replace(/^\/vendor\//, "node_modules/"), root)), path);
  }
});

test("every file that the pages link to exists", () => {
  for (const file of ["class.html", "site.html", "index.html"]) {
    const html = readFileSync(new URL(`static/${file}`, root), "utf8");
    const paths = [...html.matchAll(/(?:src|href)="(\/static\/[^"#]+)/g)].map((match) => match[1]);
    assert.ok(paths.length > 5);
    for (const path of paths) assert.ok(existsSync(new URL(path.slice(1), root)), path);
  }
});

test("the pages have no inline style, handler or script but the import map", () => {
  for (const file of ["class.html", "site.html", "index.html"]) {
    const html = readFileSync(new URL(`static/${file}`, root), "utf8");
    assert.doesNotMatch(html, /\sstyle=|<style|\son[a-z]+=/i);
    assert.doesNotMatch(html.replace(/<script type="importmap">/, ""), /<script(?![^>]*src=)/);
  }
  for (const { name, text } of scripts) assert.doesNotMatch(text, /\sstyle="/, name);
});

test("every icon that is named is in the sprite, and every icon of the sprite is named", () => {
  const all = scripts.map(({ text }) => text).join("\n") + readFileSync(new URL("static/index.html", root), "utf8");
  const named = [...all.matchAll(/<\$\{Icon\} name=(?:"([a-z0-9-]+)"|\$\{([^}]*)\})/g)].flatMap(
    (match) => match[1] ?? [...match[2].matchAll(/"([a-z0-9-]+)"/g)].map((one) => one[1]),
  );
  for (const name of named.filter((one) => !["microphone", "camera", "lost"].includes(one)))
    assert.ok(ICONS.includes(name), name);
  for (const name of ICONS) assert.ok(all.includes(`"${name}"`) || all.includes(`#${name}"`), `${name} is not used`);
});

test("lockfile and manifests name no registry", () => {
  const lock = readFileSync(new URL("package-lock.json", root), "utf8");
  assert.doesNotMatch(lock, /"resolved"|registry/);
});

test("the icon sprite is built from the list, and every icon that is used is in it", () => {
  assert.equal(readFileSync(new URL("static/icons.svg", root), "utf8"), spriteOf());
  assert.deepEqual([...ICONS].sort(), [...new Set(ICONS)].sort());
});

test("no line of scripts, styles and pages is longer than 120 columns", () => {
  const folders = ["static", "tests/js", "tools", "billing/gateway/emulator/pages"];
  const files = folders.flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, root), { recursive: true }).map((name) => `${folder}/${name}`),
  );
  const sources = files.filter((name) => /\.(js|css|html)$/.test(name));
  assert.ok(sources.length > 100);
  for (const name of sources) {
    const lines = readFileSync(new URL(name, root), "utf8").split("\n");
    assert.deepEqual(
      lines.filter((line) => [...line].length > 120),
      [],
      name,
    );
  }
});
