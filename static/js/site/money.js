// Money as people write it: ₹1,499, with Indian grouping. Amounts are whole paise. Pure.

/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/** @param {string} currency @param {number} digits */
function format(currency, digits) {
  const key = `${currency}${digits}`;
  const known =
    formats.get(key) ??
    new Intl.NumberFormat("en-IN", {
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
  formats.set(key, known);
  return known;
}

/** "₹1,499", or "₹1,499.50" when there are paise. @param {number} paise @param {string} [currency] */
export function money(paise, currency = "INR") {
  return format(currency, paise % 100 ? 2 : 0).format(paise / 100);
}

/** "Free" for nothing. @param {number} paise @param {string} [currency] */
export function price(paise, currency = "INR") {
  return paise === 0 ? "Free" : money(paise, currency);
}

/** A short form for the axis of a plot: "₹1.5 L" for 150 000 rupees. @param {number} paise */
export function shortMoney(paise) {
  const rupees = paise / 100;
  const [size, letter] =
    rupees >= 1e7 ? [1e7, " Cr"] : rupees >= 1e5 ? [1e5, " L"] : rupees >= 1e3 ? [1e3, "k"] : [1, ""];
  return `₹${(rupees / size).toLocaleString("en-IN", { maximumFractionDigits: 1 })}${letter}`;
}

/** The paise of a typed amount ("1,499", "₹1499.50"), or null. @param {string} typed @returns {number|null} */
export function paiseOf(typed) {
  const text = typed.replace(/[₹,\s]/g, "");
  if (!/^\d{1,7}(\.\d{1,2})?$/.test(text)) return null;
  const [rupees, paise = ""] = text.split(".");
  return Number(rupees) * 100 + Number(paise.padEnd(2, "0"));
}

/** The amount as a field shows it: "1499" or "1499.50". @param {number} paise */
export function rupeesOf(paise) {
  return paise % 100 ? (paise / 100).toFixed(2) : String(paise / 100);
}
