// By what right one enters: the join token of a link, else one for who is signed in, else the reason why not. Knows no
// DOM.

import { asApiError, get, post } from "../shared/api.js";

/** @typedef {{token: string, bySession: boolean, refusal: {code: string, message: string}|null}} Entry */

/** @param {string} code @param {string} message @returns {Entry} */
const refused = (code, message) => ({ token: "", bySession: true, refusal: { code, message } });

/** A ticket that has run out is none. @param {string} token @param {number} now */
function isOver(token, now) {
  const { exp } = claimsOf(token);
  return typeof exp === "number" && exp * 1000 < now;
}

/**
 * Asks first who is signed in: whoever is not has no token to ask for.
 * @param {string} classId @param {string} ticket of the link, or "" @param {number} now
 * @param {{get: (path: string) => Promise<any>, post: (path: string) => Promise<any>}} [api]
 * @returns {Promise<Entry>}
 */
export async function entryTo(classId, ticket, now, api = { get, post }) {
  if (ticket && !isOver(ticket, now)) return { token: ticket, bySession: false, refusal: null };
  try {
    const { account } = await api.get("/api/me");
    if (!account) return refused(ticket ? "ticket_over" : "not_signed_in", "");
    const { token } = await api.post(`/api/classes/${classId}/token`);
    return { token, bySession: true, refusal: null };
  } catch (thrown) {
    const { code, message } = asApiError(thrown);
    return refused(code, message);
  }
}

/**
 * What a join token says of its bearer, read without checking: only the server can check it.
 * @param {string} token @returns {any} the claims, unchecked
 */
export function claimsOf(token) {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), (c) =>
      c.charCodeAt(0),
    );
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return {};
  }
}
