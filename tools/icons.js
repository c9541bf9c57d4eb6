// Builds static/icons.svg, the one sprite of all pages, from lucide's icons: `npm run icons`. A test uses `spriteOf` to
// check that the committed sprite is current.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ICONS = [
  "arrow-down",
  "bell",
  "camera",
  "check",
  "chevron-left",
  "chevron-right",
  "chevron-up",
  "circle-alert",
  "clock",
  "download",
  "ellipsis",
  "ellipsis-vertical",
  "eye",
  "eye-off",
  "graduation-cap",
  "hand",
  "image",
  "indian-rupee",
  "info",
  "link",
  "lock",
  "lock-open",
  "log-out",
  "maximize",
  "message-square",
  "mic",
  "mic-off",
  "monitor-up",
  "monitor-x",
  "moon",
  "pencil",
  "phone-off",
  "picture-in-picture-2",
  "pin",
  "pin-off",
  "play",
  "plus",
  "receipt-text",
  "rotate-cw",
  "search",
  "send",
  "shield-check",
  "smile-plus",
  "square",
  "sun",
  "ticket-percent",
  "undo-2",
  "user",
  "user-x",
  "users",
  "video",
  "video-off",
  "volume-2",
  "wifi-low",
  "wifi-off",
  "x",
];

const root = new URL("../", import.meta.url);

/** @param {string} name */
function symbolOf(name) {
  const file = new URL(`node_modules/lucide-static/icons/${name}.svg`, root);
  const shapes = readFileSync(file, "utf8").match(/<(path|rect|circle|line|polyline|polygon|ellipse) [^>]*>/g) ?? [];
  const inside = shapes.join("").replace(/\s+/g, " ").replaceAll(" />", "/>");
  return `<symbol id="${name}" viewBox="0 0 24 24">${inside}</symbol>`;
}

/** The whole sprite as text. */
export function spriteOf() {
  const licence = "<!-- Icons: lucide (ISC licence, copyright Lucide Contributors), built by tools/icons.js -->";
  return `${licence}\n<svg xmlns="http://www.w3.org/2000/svg">\n${ICONS.map(symbolOf).join("\n")}\n</svg>\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL("static/icons.svg", root), spriteOf());
}
