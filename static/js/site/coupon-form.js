// The form of a coupon: what is wrong with it, and what is sent. Pure.

import { paiseOf } from "./money.js";
import { instantOf } from "./times.js";

/** @returns {{code: string, kind: string, value: string, maxUses: string, lastDay: string}} all as typed */
export function emptyCoupon() {
  return { code: "", kind: "percent", value: "", maxUses: "", lastDay: "" };
}

/** @param {ReturnType<typeof emptyCoupon>} fields @returns {Record<string, string>} a sentence a field */
export function couponFaults({ code, kind, value, maxUses }) {
  /** @type {Record<string, string>} */
  const faults = {};
  if (!/^[A-Za-z0-9-]{3,40}$/.test(code.trim())) faults.code = "3 to 40 letters, digits or hyphens.";
  const percent = /^\d{1,3}$/.test(value.trim()) ? Number(value) : 0;
  if (kind === "percent" && (percent < 1 || percent > 100)) faults.value = "From 1 to 100.";
  if (kind === "amount" && !paiseOf(value)) faults.value = "Rupees, as 200.";
  if (maxUses.trim() && !/^[1-9]\d{0,5}$/.test(maxUses.trim())) faults.maxUses = "A number, or empty for no limit.";
  return faults;
}

/** A coupon ends with its last day, by the clocks of the class. @param {ReturnType<typeof emptyCoupon>} fields @param {string} classId @param {string} zone */
export function couponBody({ code, kind, value, maxUses, lastDay }, classId, zone) {
  return {
    code: code.trim().toUpperCase(),
    classId,
    kind,
    value: kind === "percent" ? Number(value) : paiseOf(value),
    maxUses: maxUses.trim() ? Number(maxUses) : null,
    expiresAt: lastDay ? instantOf(`${lastDay}T23:59`, zone) + 59_999 : null,
  };
}
