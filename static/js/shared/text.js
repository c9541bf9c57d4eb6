// Text that several pages show: initials, colours of names, links, durations. Pure.

/** Up to two initials of a name. @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return letters.map((word) => [...word][0].toLocaleUpperCase()).join("") || "?";
}

/** A hash of a text: FNV-1a, 32 bits. @param {string} text */
export function hashOf(text) {
  let hash = 2166136261;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 16777619) >>> 0;
  return hash;
}

/** The colour of a name, from 0 to 11: always the same for the same name. @param {string} name */
export function colourIndex(name) {
  return hashOf(name) % 12;
}

/**
 * Splits a message into plain text and http or https links; nothing else becomes a link.
 * @param {string} text @returns {{text: string, href?: string}[]}
 */
export function linkParts(text) {
  const parts = [];
  let last = 0;
  for (const match of text.matchAll(/\bhttps?:\/\/[^\s<>"']+/gi)) {
    const address = match[0].replace(/[.,;:!?)\]}]+$/, "");
    const href = safeAddress(address);
    if (!href) continue;
    if (match.index > last) parts.push({ text: text.slice(last, match.index) });
    parts.push({ text: address, href });
    last = match.index + address.length;
  }
  if (last < text.length) parts.push({ text: text.slice(last) });
  return parts;
}

/** @param {string} address @returns {string|null} */
function safeAddress(address) {
  try {
    const url = new URL(address);
    return (url.protocol === "https:" || url.protocol === "http:") && !url.username ? url.href : null;
  } catch {
    return null;
  }
}

/** "5:03" or "1:02:09". @param {number} milliseconds */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, index) => (index ? String(part).padStart(2, "0") : String(part))).join(":");
}
