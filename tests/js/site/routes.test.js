// Addresses and the pages they name.

import assert from "node:assert/strict";
import { test } from "node:test";
import { routeOf, safeNext } from "../../../static/js/site/routes.js";

test("signing in returns only to a path of this site", () => {
  for (const good of ["/classes/maths?x=1", "/me#receipts", "/"]) assert.equal(safeNext(good), good);
  for (const bad of [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "",
    null,
    "/a\nb",
    "/a\\b",
  ])
    assert.equal(safeNext(bad), "/classes");
});

test("addresses name their page", () => {
  const rows = {
    "/classes": "catalogue",
    "/classes/": "catalogue",
    "/classes/maths-x7": "class",
    "/me": "mine",
    "/teach": "teach",
    "/teach/new": "edit",
    "/admin": "admin",
    "/login": "login",
    "/reset": "reset",
    "/classes/a/b": "missing",
    "/x": "missing",
  };
  for (const [path, page] of Object.entries(rows)) assert.equal(routeOf(path).page, page, path);
  assert.equal(routeOf("/teach/maths-x7").id, "maths-x7");
});
