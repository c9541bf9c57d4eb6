// Totals by day as bars: their places and sizes in an SVG. Pure.

/** @typedef {import("./api-types.js").DayTotal} DayTotal */
/** @typedef {{day: string, paid: number, refunded: number, count: number}} Day */
/**
 * @typedef {{day: string, x: number, width: number, paid: {y: number, height: number}, refunded: {y: number,
 *   height: number}, total: Day}} Bar
 */

const DAY = 86_400_000;

/**
 * Every day from first to last with the sums of all classes, empty ones too.
 * @param {DayTotal[]} totals @param {string} from @param {string} to @returns {Day[]}
 */
export function everyDay(totals, from, to) {
  /** @type {Map<string, Day>} */
  const days = new Map();
  for (let at = Date.parse(`${from}T00:00Z`); at <= Date.parse(`${to}T00:00Z`); at += DAY) {
    const day = new Date(at).toISOString().slice(0, 10);
    days.set(day, { day, paid: 0, refunded: 0, count: 0 });
  }
  for (const { day, paid, refunded, count } of totals) {
    const sum = days.get(day);
    if (sum) Object.assign(sum, { paid: sum.paid + paid, refunded: sum.refunded + refunded, count: sum.count + count });
  }
  return [...days.values()];
}

/** Sums by class, the largest first. @param {DayTotal[]} totals */
export function byClass(totals) {
  /** @type {Map<string|null, {classId: string|null, title: string, paid: number, refunded: number, count: number}>} */
  const sums = new Map();
  for (const { classId, title, paid, refunded, count } of totals) {
    const sum = sums.get(classId) ?? { classId, title, paid: 0, refunded: 0, count: 0 };
    sums.set(classId, { ...sum, paid: sum.paid + paid, refunded: sum.refunded + refunded, count: sum.count + count });
  }
  return [...sums.values()].sort((a, b) => b.paid - a.paid);
}

/** The top of the axis: 1, 2 or 5 with zeros, not below the largest value, in paise. @param {number} most */
export function roundTop(most) {
  if (most <= 0) return 100_00;
  const power = 10 ** Math.floor(Math.log10(most));
  return power * ([1, 2, 5, 10].find((step) => step * power >= most) ?? 10);
}

/**
 * The bars in a box: payments stand on the zero line, refunds hang below it.
 * @param {Day[]} days @param {{width: number, height: number}} box
 * @returns {{bars: Bar[], top: number, bottom: number, zero: number, ticks: {y: number, value: number}[]}}
 */
export function barsOf(days, { width, height }) {
  const top = roundTop(Math.max(0, ...days.map(({ paid }) => paid)));
  const refunds = Math.max(0, ...days.map(({ refunded }) => refunded));
  const bottom = refunds ? Math.max(roundTop(refunds), top / 4) : 0;
  const scale = height / (top + bottom);
  const zero = top * scale;
  const step = width / Math.max(1, days.length);
  const gap = Math.min(step * 0.3, 8);
  const bars = days.map((total, index) => ({
    day: total.day,
    x: index * step + gap / 2,
    width: step - gap,
    paid: { y: zero - total.paid * scale, height: total.paid * scale },
    refunded: { y: zero, height: total.refunded * scale },
    total,
  }));
  const values = [top, top / 2, 0, ...(bottom ? [-bottom] : [])];
  return { bars, top, bottom, zero, ticks: values.map((value) => ({ value, y: zero - value * scale })) };
}
