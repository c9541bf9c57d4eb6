// The pattern of a class without a picture.

import assert from "node:assert/strict";
import { test } from "node:test";
import { patternOf } from "../../../static/js/site/pattern.js";

test("a title always has the same pattern", () => {
  assert.deepEqual(patternOf("Calculus"), patternOf("Calculus"));
  assert.notDeepEqual(patternOf("Calculus"), patternOf("Poetry"));
  assert.equal(patternOf("Calculus").length, 3);
});
