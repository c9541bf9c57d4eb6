// Reads a pasted class link. Pure.

/**
 * The path to open for what a person pasted, or null. Only the class and the ticket are taken over: the link always
 * opens here.
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
