// Addresses of our own pages: reads a pasted class link, writes the way to sign in or register. Pure.

/**
 * The path of a pasted class link, or null. Only its class and its token are used, so the link always opens on this
 * site.
 * @param {string} pasted @param {string} origin
 */
export function classAddress(pasted, origin) {
  let url;
  try {
    url = new URL(pasted.trim(), origin);
  } catch {
    return null;
  }
  const classId = url.pathname.match(/^\/class\/([A-Za-z0-9_-]{1,64})\/?$/)?.[1];
  const token = url.searchParams.get("t");
  return classId && token ? `/class/${classId}?t=${encodeURIComponent(token)}` : null;
}

/** Where to sign in, to come back afterwards. @param {string} next */
export function signInPath(next) {
  return `/login?next=${encodeURIComponent(next)}`;
}

/** Where to register, to come back afterwards. @param {string} next */
export function registerPath(next) {
  return `/register?next=${encodeURIComponent(next)}`;
}
