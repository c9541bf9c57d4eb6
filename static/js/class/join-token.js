// The token that lets a person into the class: the one of the link, else one for the account that is signed in, else
// the reason why there is none. Knows no DOM.

import { asApiError, get, post } from "../shared/api.js";

/** @typedef {{token: string, fromAccount: boolean, refusal: {code: string, message: string}|null}} JoinToken */

/** @param {string} code @param {string} message @returns {JoinToken} */
const refused = (code, message) => ({ token: "", fromAccount: true, refusal: { code, message } });

/** @param {string} token @param {number} now */
function hasExpired(token, now) {
  const { exp } = claimsOf(token);
  return typeof exp === "number" && exp * 1000 < now;
}

/**
 * Without a link that holds, the server is asked who is signed in: only an account is given a token.
 * @param {string} classId @param {string} linked the token of the link, or "" @param {number} now
 * @param {{get: (path: string) => Promise<any>, post: (path: string) => Promise<any>}} [api]
 * @returns {Promise<JoinToken>}
 */
export async function joinTokenFor(classId, linked, now, api = { get, post }) {
  if (linked && !hasExpired(linked, now)) return { token: linked, fromAccount: false, refusal: null };
  try {
    const { account } = await api.get("/api/me");
    if (!account) return refused(linked ? "link_expired" : "not_signed_in", "");
    const { token } = await api.post(`/api/classes/${classId}/token`);
    return { token, fromAccount: true, refusal: null };
  } catch (thrown) {
    const { code, message } = asApiError(thrown);
    return refused(code, message);
  }
}

/**
 * The claims of a join token, read without checking the signature: only the server can do that.
 * @param {string} token @returns {any}
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
