// Samples that the tests of the site share: instants, a class as the server writes it, a weekly schedule.

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const KOLKATA = "Asia/Kolkata";
export const NOON = Date.UTC(2026, 11, 1, 12);

/** @param {object} [change] @returns {any} a class as the server writes it */
export function offer(change = {}) {
  return {
    id: "maths",
    title: "Maths",
    description: "",
    teacher: { id: "u-1", name: "Asha" },
    price: 149900,
    currency: "INR",
    seats: 20,
    seatsLeft: 12,
    imageUrl: null,
    state: "scheduled",
    schedule: { kind: "single", start: "2026-12-01T18:00", minutes: 60, zone: KOLKATA },
    nextAt: NOON + HOUR,
    nextEndsAt: NOON + 2 * HOUR,
    trialMinutes: 0,
    accessDays: null,
    liveSince: null,
    my: null,
    ...change,
  };
}

/** @type {any} */
export const weekly = {
  kind: "weekly",
  days: [1, 3],
  time: "18:00",
  from: "2026-12-01",
  until: "2026-12-17",
  minutes: 60,
  zone: KOLKATA,
};
