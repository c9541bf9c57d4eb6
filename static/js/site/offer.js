// What a class says of itself on a card and on its page: seats, state, what stands in the way, what may be done. Pure.

import { countdown, dateText, dayText, lengthText, timeText } from "./times.js";

/** @typedef {import("./api-types.js").Class} Class */

/** "3 seats left" when few, "Full" when none; else null. @param {Class} class_ @returns {string|null} */
export function seatsText({ seats, seatsLeft }) {
  if (seatsLeft === null || seats === null) return null;
  if (seatsLeft <= 0) return "Full";
  return seatsLeft <= Math.max(5, seats * 0.1) ? `${seatsLeft} ${seatsLeft === 1 ? "seat" : "seats"} left` : null;
}

/** @param {Class} class_ */
export const isLive = ({ liveSince, state }) => Boolean(liveSince) || state === "live";

/** Can it still be bought? @param {Class} class_ */
export const isOnSale = ({ state, seatsLeft }) => (state === "scheduled" || state === "live") && seatsLeft !== 0;

/** Is it taught, helped or overseen by this person? @param {Class} class_ */
export const isStaff = ({ my }) => Boolean(my?.isTeacher);

/**
 * The button by which one enters, and the sentence beside it.
 * @param {Class} class_ @param {number} now @returns {{open: boolean, live: boolean, label: string, hint: string}}
 */
export function entryOf(class_, now) {
  const { my, nextAt, state } = class_;
  const live = isLive(class_);
  if (my?.isTeacher && (state === "scheduled" || state === "live"))
    return { open: true, live, label: live ? "Enter the class" : "Start the class", hint: "" };
  if (my?.canJoin)
    return {
      open: true,
      live,
      label: live ? "Join now" : "Enter the waiting room",
      hint: live ? "The teacher is there." : "The teacher has not started yet.",
    };
  if (my?.reason && my.reason.code !== "not_yet_open")
    return { open: false, live, label: "Join", hint: my.reason.message };
  if (my?.opensAt) return { open: false, live, label: "Join", hint: opensText(my.opensAt, now) };
  return { open: false, live, label: "Join", hint: nextAt ? "" : "There are no more lessons." };
}

/** @param {number} at @param {number} now */
function opensText(at, now) {
  const left = countdown(at, now);
  if (!left) return "Opens in a moment.";
  return at - now < 86_400_000 ? `Opens ${left}, at ${timeText(at)}.` : `Opens on ${dayText(at)} at ${timeText(at)}.`;
}

/** @param {Class} class_ */
export function trialText({ trialMinutes }) {
  return trialMinutes ? `Try it free for ${lengthText(trialMinutes)}` : null;
}

/** Until when somebody's trial lasts; its minutes begin when the class does. @param {Class} class_ */
export function trialTime({ my, trialMinutes }) {
  if (my?.expiresAt) return `until ${dateText(my.expiresAt)}, ${timeText(my.expiresAt)}`;
  return `${lengthText(trialMinutes)} from when the class begins`;
}

/**
 * What of the catalogue is shown.
 * @param {Class[]} classes @param {{search: string, only: "all"|"live"|"week"|"free"}} filter @param {number} now
 */
export function shown(classes, { search, only }, now) {
  const words = search.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return classes.filter((one) => {
    const text = `${one.title} ${one.teacher.name} ${one.description}`.toLocaleLowerCase();
    if (!words.every((word) => text.includes(word))) return false;
    if (only === "live") return isLive(one);
    if (only === "free") return one.price === 0;
    return only === "all" || isLive(one) || (one.nextAt !== null && one.nextAt - now < 7 * 86_400_000);
  });
}

/** Live first, then by the next lesson; without one last. @param {Class[]} classes */
export function inOrder(classes) {
  const rank = (/** @type {Class} */ one) => (isLive(one) ? 0 : (one.nextAt ?? Infinity));
  return [...classes].sort((a, b) => (rank(a) === rank(b) ? a.title.localeCompare(b.title) : rank(a) - rank(b)));
}
