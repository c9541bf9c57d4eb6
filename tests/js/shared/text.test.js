// Initials, colours, links, durations.

import assert from "node:assert/strict";
import { test } from "node:test";
import { colourIndex, duration, initials, linkParts } from "../../../static/js/shared/text.js";

test("initials are at most two and never empty", () => {
  assert.deepEqual(["Asha Verma", "asha", "Ana María de la Cruz", "  ", "", "élan ß", "李 明"].map(initials), [
    "AV",
    "A",
    "AC",
    "?",
    "?",
    "ÉSS",
    "李明",
  ]);
});

test("a name always has the same colour, and all colours are used", () => {
  const seen = new Set(Array.from({ length: 200 }, (_, index) => colourIndex(`p${index}`)));
  assert.equal(colourIndex("p1"), colourIndex("p1"));
  assert.equal(seen.size, 12);
});

test("only http and https become links", () => {
  const hrefs = (/** @type {string} */ text) => linkParts(text).flatMap((part) => part.href ?? []);
  assert.deepEqual(hrefs("see https://example.org/a?b=1, and (http://example.com)."), [
    "https://example.org/a?b=1",
    "http://example.com/",
  ]);
  for (const text of [
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://a/b",
    "www.example.org",
    "https://",
    "https://user:pw@example.org/",
  ])
    assert.deepEqual(hrefs(text), [], text);
});

test("the parts of a message add up to the whole message", () => {
  for (const text of ["", "plain", "https://a.example/x", "a https://a.example. b <b>c</b>", "https://a.example/)"]) {
    assert.equal(
      linkParts(text)
        .map((part) => part.text)
        .join(""),
      text,
    );
  }
});

test("durations read like a clock", () => {
  assert.deepEqual([-5, 0, 9_999, 303_000, 3_729_000].map(duration), ["0:00", "0:00", "0:09", "5:03", "1:02:09"]);
});
