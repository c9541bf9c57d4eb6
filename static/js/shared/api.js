// Requests to the server's HTTP interface. Every failure is an ApiError with a sentence for the person. Knows no DOM.

const TIMEOUT_MS = 20_000;

const UNREACHABLE = "The server cannot be reached. Check your connection and try again.";
const BUSY = "The server is busy at the moment. Try again in a minute.";
const UNEXPECTED = "The server's answer was not understood. Reload the page and try again.";

/** A refusal, or no answer at all (status 0). `field` names the input that was refused. */
export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {string|null} [field] */
  constructor(status, code, message, field = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.field = field;
  }

  /** Whether nothing was decided, so that the same request may be made again. */
  get isTemporary() {
    return this.status === 0 || this.status >= 500 || this.status === 429;
  }
}

/** @param {unknown} thrown @returns {ApiError} */
export function asApiError(thrown) {
  return thrown instanceof ApiError ? thrown : new ApiError(0, "unreachable", UNREACHABLE);
}

/** @param {Response} response @returns {Promise<any>} */
async function answerOf(response) {
  const text = await response.text();
  let body;
  try {
    body = text ? JSON.parse(text) : {};
  } catch {
    throw new ApiError(response.status, "unexpected", response.status >= 500 ? BUSY : UNEXPECTED);
  }
  if (response.ok) return body;
  const { code = "unexpected", message = response.status >= 500 ? BUSY : UNEXPECTED, field = null } = body?.error ?? {};
  throw new ApiError(response.status, code, message, field);
}

/**
 * @param {string} method @param {string} path @param {object|Blob} [body] an object goes as JSON, a file as it is
 * @param {{fetch?: typeof globalThis.fetch, timeout?: number}} [with_] @returns {Promise<any>}
 */
export async function request(method, path, body, { fetch = globalThis.fetch, timeout = TIMEOUT_MS } = {}) {
  const isFile = body instanceof Blob;
  /** @type {RequestInit} */
  const init = {
    method,
    credentials: "same-origin",
    signal: AbortSignal.timeout(timeout),
    headers: { Accept: "application/json" },
  };
  if (body !== undefined) {
    init.body = isFile ? body : JSON.stringify(body);
    init.headers = {
      Accept: "application/json",
      "Content-Type": isFile ? body.type || "application/octet-stream" : "application/json",
    };
  }
  let response;
  try {
    response = await fetch(path, init);
    return await answerOf(response);
  } catch (thrown) {
    throw asApiError(thrown);
  }
}

/** @param {string} path @returns {Promise<any>} */
export const get = (path) => request("GET", path);
/** @param {string} path @param {object} [body] @returns {Promise<any>} */
export const post = (path, body = {}) => request("POST", path, body);
/** @param {string} path @param {object} body @returns {Promise<any>} */
export const patch = (path, body) => request("PATCH", path, body);
/** @param {string} path @param {object|Blob} [body] @returns {Promise<any>} */
export const put = (path, body) => request("PUT", path, body);
/** @param {string} path @param {object} [body] @returns {Promise<any>} */
export const remove = (path, body) => request("DELETE", path, body);

/** Gets all pages of a list. @param {string} path @returns {Promise<any[]>} */
export async function getAll(path) {
  const all = [];
  for (let cursor = /** @type {string|null} */ (null); ;) {
    const { items, next } = await get(withQuery(path, { limit: 100, cursor }));
    all.push(...items);
    if (!next) return all;
    cursor = next;
  }
}

/**
 * A path with its query; parameters without a value are left out.
 * @param {string} path @param {Record<string, string|number|null|undefined>} parameters
 */
export function withQuery(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  return query.size ? `${path}?${query}` : path;
}
