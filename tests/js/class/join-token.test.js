// The way into the class page: a link's ticket, else the session, else a reason.

import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsOf, entryTo } from "../../../static/js/class/join-token.js";
import { ApiError } from "../../../static/js/shared/api.js";

const NOW = 1_800_000_000_000;

/** @param {object} claims */
const ticket = (claims) => `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y`;

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

test("a ticket that holds is enough: nobody is asked", async () => {
  const api = server(null);
  const given = ticket({ exp: NOW / 1000 + 60 });
  assert.deepEqual(await entryTo("maths", given, NOW, api), { token: given, bySession: false, refusal: null });
  assert.deepEqual(api.asked, []);
});

test("a ticket that cannot be read is the server's to judge", async () => {
  assert.equal((await entryTo("maths", "forged", NOW, server(null))).token, "forged");
});

test("who is signed in gets a token", async () => {
  const api = server({ id: "u-1" }, { token: "t", url: "/class/maths" });
  assert.deepEqual(await entryTo("maths", "", NOW, api), { token: "t", bySession: true, refusal: null });
  assert.deepEqual(api.asked, ["/api/me", "/api/classes/maths/token"]);
});

test("a ticket that has run out gives way to the session", async () => {
  const over = ticket({ exp: NOW / 1000 - 1 });
  assert.equal((await entryTo("maths", over, NOW, server({ id: "u-1" }, { token: "t" }))).token, "t");
  assert.equal((await entryTo("maths", over, NOW, server(null))).refusal?.code, "ticket_over");
});

test("who is not signed in asks for no token", async () => {
  const api = server(null);
  assert.equal((await entryTo("maths", "", NOW, api)).refusal?.code, "not_signed_in");
  assert.deepEqual(api.asked, ["/api/me"]);
});

test("a refusal and a silent server come with their sentence", async () => {
  const refusal = new ApiError(403, "not_enrolled", "You are not enrolled.");
  assert.deepEqual((await entryTo("maths", "", NOW, server({ id: "u-1" }, refusal))).refusal, {
    code: "not_enrolled",
    message: "You are not enrolled.",
  });
  assert.equal(
    (await entryTo("maths", "", NOW, server(new TypeError("Failed to fetch")))).refusal?.code,
    "unreachable",
  );
});

test("the token's claims are read as text in any script, and nonsense is no claim", () => {
  const body = Buffer.from(JSON.stringify({ name: "आशा", role: "teacher" })).toString("base64url");
  assert.deepEqual(claimsOf(`x.${body}.y`), { name: "आशा", role: "teacher" });
  for (const odd of ["", "abc", "a.%%%.c", "a.bm90anNvbg.c"]) assert.deepEqual(claimsOf(odd), {});
});
