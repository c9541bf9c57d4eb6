// A pattern for a class without a picture: quarter circles and discs, always the same for the same title. Pure.

import { hashOf } from "../shared/text.js";

const COLUMNS = 8;
const ROWS = 5;
const TILE = 20;

/**
 * A generator of numbers seeded by a text: FNV-1a, then xorshift.
 * @param {string} text @returns {() => number} 0 to 1
 */
function numbers(text) {
  let state = hashOf(text);
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return state / 4294967296;
  };
}

/** A quarter circle in each corner of a tile, as paths. */
const QUARTERS = [
  `h${TILE}a${TILE} ${TILE} 0 0 1 -${TILE} ${TILE}z`,
  `h${TILE}v${TILE}a${TILE} ${TILE} 0 0 1 -${TILE} -${TILE}z`,
  `m${TILE} 0v${TILE}h-${TILE}a${TILE} ${TILE} 0 0 1 ${TILE} -${TILE}z`,
  `v${TILE}h${TILE}a${TILE} ${TILE} 0 0 0 -${TILE} -${TILE}z`,
];
const HALF = TILE / 2;
const DISC = `m0 ${HALF}a${HALF} ${HALF} 0 1 0 ${TILE} 0a${HALF} ${HALF} 0 1 0 -${TILE} 0z`;

/** A path for each of three tones, drawn on 160 by 100. @param {string} title @returns {string[]} */
export function patternOf(title) {
  const next = numbers(title);
  const tones = ["", "", ""];
  for (let row = 0; row < ROWS; row += 1) {
    for (let column = 0; column < COLUMNS; column += 1) {
      const [kind, tone] = [next(), Math.floor(next() * tones.length)];
      const shape = kind < 0.6 ? QUARTERS[Math.floor(kind / 0.15)] : kind < 0.7 ? DISC : "";
      if (shape) tones[tone] += `M${column * TILE} ${row * TILE}${shape}`;
    }
  }
  return tones;
}
