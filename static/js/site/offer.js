// A class as its card and its page show it: seats, state, the button that joins it; and the catalogue's filter and
// order. Pure.

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

/** Whether this person teaches, assists or oversees the class. @param {Class} class_ */
export const isTeaching = ({ my }) => Boolean(my?.isTeacher);

/**
 * The button that joins the class, and the sentence beside it.
 * @param {Class} class_ @param {number} now @returns {{open: boolean, live: boolean, label: string, hint: string}}
 */
export function joinButton(class_, now) {
  const { my, nextAt, state } = class_;
  const live = isLive(class_);
  if (my?.isTeacher && (state === "scheduled" || state === "live"))
    return { open: true, live, label: live ? "Join the lesson" : "Start the lesson", hint: "" };
  if (my?.canJoin)
    return {
      open: true,
      live,
      label: live ? "Join now" : "Join and wait",
      hint: live ? "The teacher is in the lesson." : "The teacher has not started the lesson yet.",
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

/** How long a trial lasts; its minutes begin with the lesson. @param {Class} class_ */
export function trialTime({ my, trialMinutes }) {
  if (my?.expiresAt) return `until ${dateText(my.expiresAt)}, ${timeText(my.expiresAt)}`;
  return `${lengthText(trialMinutes)} from the start of the lesson`;
}

/**
 * The classes of the catalogue that match the search and the filter.
 * @param {Class[]} classes @param {{search: string, only: "all"|"live"|"week"|"free"}} filter @param {number} now
 */
export function matching(classes, { search, only }, now) {
  const words = search.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return classes.filter((one) => {
    const text = `${one.title} ${one.teacher.name} ${one.description}`.toLocaleLowerCase();
    if (!words.every((word) => text.includes(word))) return false;
    if (only === "live") return isLive(one);
    if (only === "free") return one.price === 0;
    return only === "all" || isLive(one) || (one.nextAt !== null && one.nextAt - now < 7 * 86_400_000);
  });
}

/** Sorts classes: live ones first, then by their next lesson, those without one last. @param {Class[]} classes */
export function inOrder(classes) {
  const rank = (/** @type {Class} */ one) => (isLive(one) ? 0 : (one.nextAt ?? Infinity));
  return [...classes].sort((a, b) => (rank(a) === rank(b) ? a.title.localeCompare(b.title) : rank(a) - rank(b)));
}
