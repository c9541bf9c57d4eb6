// The token that lets a person into the class: the one of the link, else one of the account, else a reason.

import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsOf, joinTokenFor } from "../../../static/js/class/join-token.js";
import { ApiError } from "../../../static/js/shared/api.js";

const NOW = 1_800_000_000_000;

/** @param {object} claims */
const token = (claims) => `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y`;

/** @param {any} account @param {any} [token] @returns {any} */
function server(account, token) {
  const asked = /** @type {string[]} */ ([]);
  const answer = (/** @type {any} */ value) => async (/** @type {string} */ path) => {
    asked.push(path);
    if (value instanceof Error) throw value;
    return value;
  };
  return { asked, get: answer(account instanceof Error ? account : { account }), post: answer(token) };
}

test("a valid token of the link is used without asking the server", async () => {
  const api = server(null);
  const given = token({ exp: NOW / 1000 + 60 });
  assert.deepEqual(await joinTokenFor("maths", given, NOW, api), { token: given, fromAccount: false, refusal: null });
  assert.deepEqual(api.asked, []);
});

test("an unreadable token is left to the server to judge", async () => {
  assert.equal((await joinTokenFor("maths", "forged", NOW, server(null))).token, "forged");
});

test("an account that is signed in gets a token", async () => {
  const api = server({ id: "u-1" }, { token: "t", url: "/class/maths" });
  assert.deepEqual(await joinTokenFor("maths", "", NOW, api), { token: "t", fromAccount: true, refusal: null });
  assert.deepEqual(api.asked, ["/api/me", "/api/classes/maths/token"]);
});

test("the account's token replaces an expired one", async () => {
  const over = token({ exp: NOW / 1000 - 1 });
  assert.equal((await joinTokenFor("maths", over, NOW, server({ id: "u-1" }, { token: "t" }))).token, "t");
  assert.equal((await joinTokenFor("maths", over, NOW, server(null))).refusal?.code, "link_expired");
});

test("without an account no token is asked for", async () => {
  const api = server(null);
  assert.equal((await joinTokenFor("maths", "", NOW, api)).refusal?.code, "not_signed_in");
  assert.deepEqual(api.asked, ["/api/me"]);
});

test("a refusal and an unreachable server each have a sentence", async () => {
  const refusal = new ApiError(403, "not_enrolled", "You are not enrolled.");
  assert.deepEqual((await joinTokenFor("maths", "", NOW, server({ id: "u-1" }, refusal))).refusal, {
    code: "not_enrolled",
    message: "You are not enrolled.",
  });
  assert.equal(
    (await joinTokenFor("maths", "", NOW, server(new TypeError("Failed to fetch")))).refusal?.code,
    "unreachable",
  );
});

test("claims are read in any script, and a malformed token has none", () => {
  const body = Buffer.from(JSON.stringify({ name: "आशा", role: "teacher" })).toString("base64url");
  assert.deepEqual(claimsOf(`x.${body}.y`), { name: "आशा", role: "teacher" });
  for (const odd of ["", "abc", "a.%%%.c", "a.bm90anNvbg.c"]) assert.deepEqual(claimsOf(odd), {});
});
