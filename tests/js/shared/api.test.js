// Requests to the server: refusals, missing and malformed answers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, request, withQuery } from "../../../static/js/shared/api.js";

/** @param {number} status @param {string} body @returns {any} */
const answers = (status, body) => async () => new Response(body, { status });

/** @param {Promise<any>} asked @returns {Promise<ApiError>} */
const refusal = (asked) =>
  asked.then(
    () => assert.fail("no refusal"),
    (error) => error,
  );

test("a body goes as JSON and comes back as a value", async () => {
  /** @type {any[]} */
  const calls = [];
  const fetch = /** @type {any} */ (
    async (/** @type {any[]} */ ...call) => {
      calls.push(call);
      return new Response('{"a": 1}');
    }
  );
  assert.deepEqual(await request("POST", "/api/x", { b: 2 }, { fetch }), { a: 1 });
  const [path, { method, body, headers, credentials }] = calls[0];
  assert.deepEqual(
    [path, method, body, headers["Content-Type"], credentials],
    ["/api/x", "POST", '{"b":2}', "application/json", "same-origin"],
  );
});

test("a file goes as it is", async () => {
  /** @type {any} */
  let sent;
  const file = new Blob(["x"], { type: "image/png" });
  const fetch = /** @type {any} */ (
    async (/** @type {string} */ _, /** @type {any} */ init) => {
      sent = init;
      return new Response("");
    }
  );
  assert.deepEqual(await request("PUT", "/api/x", file, { fetch }), {});
  assert.deepEqual([sent.body, sent.headers["Content-Type"]], [file, "image/png"]);
});

test("a refusal keeps the server's code, sentence and field", async () => {
  const error = await refusal(
    request("GET", "/x", undefined, {
      fetch: answers(409, '{"error": {"code": "class_full", "message": "Full.", "field": "coupon"}}'),
    }),
  );
  assert.ok(error instanceof ApiError);
  assert.deepEqual(
    [error.status, error.code, error.message, error.field, error.isTemporary],
    [409, "class_full", "Full.", "coupon", false],
  );
});

test("no answer, a wrong answer and a proxy's page each have a sentence", async () => {
  const silent = await refusal(
    request("GET", "/x", undefined, {
      fetch: /** @type {any} */ (
        async () => {
          throw new TypeError("Failed to fetch");
        }
      ),
    }),
  );
  assert.deepEqual([silent.status, silent.code, silent.isTemporary], [0, "unreachable", true]);
  assert.match(silent.message, /connection/);
  const proxy = await refusal(request("GET", "/x", undefined, { fetch: answers(502, "<html>Bad gateway") }));
  assert.deepEqual([proxy.isTemporary, /busy/.test(proxy.message)], [true, true]);
  const strange = await refusal(request("GET", "/x", undefined, { fetch: answers(200, "<html>") }));
  assert.match(strange.message, /Reload/);
});

test("a query leaves out parameters without a value", () => {
  assert.equal(withQuery("/x", { a: "b c", n: 0, none: null, empty: "", undef: undefined }), "/x?a=b+c&n=0");
  assert.equal(withQuery("/x", { a: "" }), "/x");
});
