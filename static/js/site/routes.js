// The page of an address, and the addresses that a sign-in may lead back to. Pure.

/**
 * @typedef {"catalogue"|"class"|"mine"|"teach"|"edit"|"admin"|"login"|"register"|"forgot"|"reset"|"missing"} PageName
 */

/** @type {[RegExp, PageName][]} */
const PAGES = [
  [/^\/classes$/, "catalogue"],
  [/^\/classes\/(?<id>[A-Za-z0-9_-]{1,64})$/, "class"],
  [/^\/me$/, "mine"],
  [/^\/teach$/, "teach"],
  [/^\/teach\/(?<id>[A-Za-z0-9_-]{1,64})$/, "edit"],
  [/^\/admin$/, "admin"],
  [/^\/(?<name>login|register|forgot|reset)$/, "login"],
];

/** @param {string} pathname @returns {{page: PageName, id: string}} id: the class, or "new" */
export function routeOf(pathname) {
  const path = pathname.replace(/\/+$/, "");
  for (const [pattern, page] of PAGES) {
    const found = path.match(pattern);
    if (found) return { page: /** @type {PageName} */ (found.groups?.name ?? page), id: found.groups?.id ?? "" };
  }
  return { page: "missing", id: "" };
}

/**
 * The path to return to after signing in; anything but a path of this site leads to the catalogue.
 * @param {string|null} next @param {string} [otherwise]
 */
export function safeNext(next, otherwise = "/classes") {
  return next && /^\/(?![/\\])[\x21-\x7e]*$/.test(next) && !next.includes("\\") ? next : otherwise;
}
