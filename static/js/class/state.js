// The state of the lesson as the page knows it: one plain value, changed only by `reduce`. Pure: no I/O, no clock, no
// DOM.
//
// An action is {type, payload?, now?}. Types named like server events carry that event's payload as it came.

import { producerId, producerParts } from "./producer-id.js";

/** @typedef {import("./types.js").Participant} Participant */
/** @typedef {import("./types.js").ChatMessage} ChatMessage */

export const CHAT_KEPT = 500;
const TOASTS_SHOWN = 3;

/** @param {string} classId */
export function initialState(classId) {
  return {
    classId,
    phase: /** @type {import("./types.js").Phase} */ ("prejoin"),
    link: /** @type {import("./types.js").LinkState} */ ("idle"),
    retry: /** @type {{attempt: number, delay: number}|null} */ (null),
    connection: /** @type {string} */ ("new"),
    over: /** @type {import("./types.js").Over|null} */ (null),
    joinError: /** @type {{code: string, message: string}|null} */ (null),
    self: /** @type {import("./types.js").Self|null} */ (null),
    title: "",
    started: false,
    startedAt: /** @type {number|null} */ (null),
    locked: false,
    clockOffset: 0,
    participants: /** @type {Record<string, Participant>} */ ({}),
    total: 0,
    hands: /** @type {string[]} */ ([]),
    slots: /** @type {Record<string, import("./types.js").Slot|null>} */ ({}),
    speakers: /** @type {string[]} */ ([]),
    dominant: /** @type {string|null} */ (null),
    quality: { uplink: "good", downlink: "good", reason: "" },
    chat: /** @type {ChatMessage[]} */ ([]),
    unread: 0,
    panel: /** @type {"chat"|"people"|null} */ (null),
    pinned: /** @type {string|null} */ (null),
    page: 0,
    reactions: /** @type {import("./types.js").Reaction[]} */ ([]),
    toasts: /** @type {import("./types.js").Toast[]} */ ([]),
    announcement: { polite: "", assertive: "" },
    serial: 1,
    soundBlocked: false,
    draining: false,
  };
}

/** @typedef {ReturnType<typeof initialState>} State */
/** @typedef {{type: string, payload?: any, now?: number}} Action */

/** @param {any} wire @returns {Participant} */
export function participantFrom({ id, name, role, order, media, connection }) {
  const { microphone, camera, screen } = media;
  return { id, name, role, order, microphone, camera, screen, connection };
}

/** @param {State} state @param {any[]} wires @param {{participants: number, hands: number}} totals */
function withParticipants(state, wires, totals) {
  const participants = { ...state.participants };
  for (const wire of wires) participants[wire.id] = participantFrom(wire);
  return { ...state, participants, total: totals.participants };
}

/** @param {State} state @param {"polite"|"assertive"} urgency @param {string} text */
function announced(state, urgency, text) {
  return { ...state, announcement: { ...state.announcement, [urgency]: text } };
}

/** @param {State} state @param {import("./types.js").Toast["kind"]} kind @param {string} text */
function toasted(state, kind, text) {
  const toast = { id: state.serial, kind, text };
  const others = state.toasts.filter((other) => other.text !== text);
  return { ...state, serial: state.serial + 1, toasts: [...others, toast].slice(-TOASTS_SHOWN) };
}

/** @param {string[]} names */
export function joinedText(names) {
  if (names.length === 1) return `${names[0]} joined`;
  if (names.length === 2) return `${names[0]} and ${names[1]} joined`;
  return `${names[0]} and ${names.length - 1} others joined`;
}

/** @param {any} wire @returns {ChatMessage} */
function chatFrom({ id, at, from, to, text }) {
  return { id, at, from: from.id, name: from.name, role: from.role, to, text };
}

/** @param {{participant: string}[]} hands @returns {string[]} ids, first raised first */
function handsFrom(hands) {
  return hands.map((hand) => hand.participant);
}

/** @param {State} state @param {any} wire the class object */
function withClass(state, { title, started, startedAt, locked }) {
  return { ...state, title, started, startedAt, locked };
}

/** @param {State} state @param {Action} action */
function joined(state, { payload, now = 0 }) {
  const { id, name, role, can } = payload.self;
  const chat = payload.chat.map(chatFrom);
  const base = {
    ...state,
    phase: /** @type {const} */ ("class"),
    link: /** @type {const} */ ("connected"),
    joinError: null,
    over: null,
    self: { id, name, role, can },
    participants: {},
    hands: handsFrom(payload.hands),
    slots: payload.resumed ? state.slots : {},
    clockOffset: payload.serverTime - now,
    chat,
    unread: state.unread + missed(state, chat),
    draining: false,
  };
  return withParticipants(withClass(base, payload.class), [...payload.participants, payload.self], payload.totals);
}

/** Counts the messages that came while the socket was disconnected. @param {State} state @param {ChatMessage[]} chat */
function missed(state, chat) {
  const last = state.chat.at(-1);
  if (!last || state.panel === "chat") return 0;
  return chat
    .slice(chat.findIndex((message) => message.id === last.id) + 1)
    .filter((message) => message.from !== state.self?.id).length;
}

/** @param {State} state @param {Action} action */
function participantJoined(state, { payload }) {
  const fresh = payload.participants.filter((/** @type {any} */ wire) => !state.participants[wire.id]);
  const next = withParticipants(state, payload.participants, payload.totals);
  return fresh.length ? announced(next, "polite", joinedText(fresh.map((/** @type {any} */ wire) => wire.name))) : next;
}

/** @param {State} state @param {Action} action */
function participantLeft(state, { payload }) {
  const gone = new Set(payload.participants);
  const present = (/** @type {string} */ id) => !gone.has(id);
  const kept = Object.entries(state.participants).filter(([id]) => present(id));
  const pinned = state.pinned && present(producerParts(state.pinned).participant) ? state.pinned : null;
  return {
    ...state,
    participants: Object.fromEntries(kept),
    total: payload.totals.participants,
    hands: state.hands.filter(present),
    speakers: state.speakers.filter(present),
    dominant: state.dominant && present(state.dominant) ? state.dominant : null,
    pinned,
  };
}

/** @param {State} state @param {Action} action */
function handsChanged(state, { payload }) {
  const hands = handsFrom(payload.hands);
  const fresh = hands.filter((id) => !state.hands.includes(id) && id !== state.self?.id);
  const next = { ...state, hands };
  if (!fresh.length || !isStaff(state.self?.role)) return next;
  const name = state.participants[fresh[0]]?.name ?? "Someone";
  return announced(toasted(next, "hand", `${name} raised a hand`), "polite", `${name} raised a hand`);
}

/** @param {State} state @param {Action} action */
function chatMessage(state, { payload }) {
  const message = chatFrom(payload);
  if (state.chat.some((one) => one.id === message.id)) return state;
  const own = message.from === state.self?.id;
  const next = { ...state, chat: [...state.chat, message].slice(-CHAT_KEPT) };
  if (own) return next;
  const unread = state.panel === "chat" ? 0 : state.unread + 1;
  return announced({ ...next, unread }, "polite", `${message.name}: ${message.text}`);
}

/** @param {State} state @param {Action} action */
function reacted(state, { payload }) {
  const from = payload.participant;
  const reaction = { id: state.serial, from, name: state.participants[from]?.name ?? "", kind: payload.kind };
  return { ...state, serial: state.serial + 1, reactions: [...state.reactions, reaction].slice(-12) };
}

/** What each kind of moderation says to the person it is applied to. @type {Record<string, string>} */
const MODERATED = {
  mute: "muted you. Press M to speak again.",
  "stop-camera": "turned your camera off.",
  "lower-hand": "lowered your hand.",
};

/** @param {State} state @param {Action} action */
function moderated(state, { payload }) {
  const text = `${payload.by} ${MODERATED[payload.action]}`;
  return announced(toasted(state, "info", text), "assertive", text);
}

/** @param {State} state @param {Action} action */
function over(state, { payload, now = 0 }) {
  return {
    ...state,
    phase: /** @type {const} */ ("over"),
    link: /** @type {const} */ ("closed"),
    over: { at: now, ...payload },
  };
}

/** @param {State} state @param {Action} action */
function removed(state, { payload, now }) {
  return state.over ? state : over(state, { type: "over", payload: { kind: payload.reason }, now });
}

/** @param {State} state @param {Action} action */
function reconnecting(state, { payload }) {
  return { ...state, link: /** @type {State["link"]} */ (state.self ? "reconnecting" : "connecting"), retry: payload };
}

/** @param {State} state @param {Action} action */
function panelChanged(state, { payload }) {
  const panel = state.panel === payload ? null : payload;
  return { ...state, panel, unread: panel === "chat" ? 0 : state.unread };
}

/** @param {State} state @param {Action} action */
function classStarted(state, { payload: { title, startedAt } }) {
  return announced({ ...state, title, started: true, startedAt }, "polite", "The class has started");
}

/** @type {Record<string, (state: State, action: Action) => State>} */
const REDUCERS = {
  joined,
  "participant-joined": participantJoined,
  "participant-left": participantLeft,
  "participant-updated": (state, { payload }) => withParticipants(state, payload.participants, payload.totals),
  hands: handsChanged,
  slots: (state, { payload }) => ({ ...state, slots: { ...state.slots, ...payload } }),
  "active-speaker": (state, { payload: { speakers, dominant } }) => ({ ...state, speakers, dominant }),
  quality: (state, { payload }) => ({ ...state, quality: payload }),
  "chat-message": chatMessage,
  reaction: reacted,
  moderated,
  removed,
  over,
  retry: reconnecting,
  "liveclass-started": classStarted,
  "liveclass-ended": (state, { now }) => over(state, { type: "over", payload: { kind: "ended" }, now }),
  "class-updated": (state, { payload }) => withClass(state, payload),
  "server-draining": (state) => ({ ...state, draining: true }),
  "new-announcement": (state, { payload }) => announced(toasted(state, "info", payload.text), "polite", payload.text),
  phase: (state, { payload }) => ({ ...state, phase: payload }),
  link: (state, { payload }) => ({ ...state, link: payload, retry: null }),
  connection: (state, { payload }) => ({ ...state, connection: payload }),
  "join-failed": (state, { payload }) => ({ ...state, phase: /** @type {const} */ ("prejoin"), joinError: payload }),
  panel: panelChanged,
  pin: (state, { payload }) => ({ ...state, pinned: state.pinned === payload ? null : payload }),
  page: (state, { payload }) => ({ ...state, page: Math.max(0, payload) }),
  toast: (state, { payload }) => toasted(state, payload.kind ?? "info", payload.text),
  "toast-gone": (state, { payload }) => ({ ...state, toasts: state.toasts.filter((toast) => toast.id !== payload) }),
  "reaction-gone": (state, { payload }) => ({
    ...state,
    reactions: state.reactions.filter((one) => one.id !== payload),
  }),
  "sound-blocked": (state, { payload }) => ({ ...state, soundBlocked: payload }),
};

/** The next state; an unknown type changes nothing. @param {State} state @param {Action} action @returns {State} */
export function reduce(state, action) {
  const reducer = REDUCERS[action.type];
  return reducer ? reducer(state, action) : state;
}

/** @param {string|undefined} role */
export function isStaff(role) {
  return role === "teacher" || role === "assistant" || role === "admin";
}

/**
 * People as lists show them: raised hands first, in their order, then staff, then the others by name.
 * @param {State} state
 */
export function peopleInOrder(state) {
  const place = (/** @type {Participant} */ one) => {
    const hand = state.hands.indexOf(one.id);
    return hand >= 0 ? hand : isStaff(one.role) ? 1e6 : 2e6;
  };
  return Object.values(state.participants).sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name));
}

/**
 * The mid of the slot that shows a producer now, or null.
 * @param {State["slots"]} slots @param {string} participant @param {string} source
 */
export function midShowing(slots, participant, source) {
  const producer = producerId(participant, source);
  for (const [mid, slot] of Object.entries(slots)) {
    if (slot && slot.kind === "video" && slot.producer === producer) return mid;
  }
  return null;
}
