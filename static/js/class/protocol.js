// The Socket.IO conversation with the server: requests as promises, events, reconnecting. Knows no DOM.
//
// Every request is acknowledged with {ok: true, …} or {ok: false, error: {code, message, field?}}; a refusal becomes a
// ProtocolError. Requests made while the socket is down fail at once with code "offline": nothing is sent late.

/** The reason why a request, or the connection, was refused. */
export class ProtocolError extends Error {
  /** @param {string} code @param {string} message @param {string} [field] */
  constructor(code, message, field) {
    super(message);
    this.name = "ProtocolError";
    this.code = code;
    this.field = field;
  }
}

/** Codes of a refused connection that will not change for the same token. */
const FINAL_CODES = new Set(["no_token", "bad_token", "token_expired", "token_not_yet_valid"]);

export const SERVER_EVENTS = Object.freeze([
  "participant-joined",
  "participant-left",
  "participant-updated",
  "slots",
  "active-speaker",
  "quality",
  "chat-message",
  "hands",
  "reaction",
  "moderated",
  "liveclass-started",
  "liveclass-ended",
  "class-updated",
  "new-announcement",
  "removed",
  "server-draining",
  "video-answer",
]);

/** A reconnecting class is spread over this many milliseconds a person: the time the server has for each. */
const SPREAD_PER_PERSON = 8;

/**
 * The part of a Socket.IO client socket that is used here.
 * @typedef {object} SocketLike
 * @property {boolean} connected
 * @property {() => unknown} connect
 * @property {() => unknown} disconnect
 * @property {(event: string, handler: (...args: any[]) => void) => unknown} on
 * @property {(ms: number) => {emitWithAck(event: string, payload: unknown): Promise<any>}} timeout
 * @property {{engine?: {close(): void}}} [io]
 */
/** @typedef {(url: string|undefined, options: object) => SocketLike} SocketFactory */
/**
 * @typedef {{setTimeout(handler: () => void, ms: number): any, clearTimeout(id: any): void, random(): number}} Clock
 */

/** @type {Clock} */
const systemClock = {
  setTimeout: (handler, ms) => setTimeout(handler, ms),
  clearTimeout: (id) => clearTimeout(id),
  random: () => Math.random(),
};

/**
 * Milliseconds to wait before the n-th attempt (from 1): 0.5 s, doubled up to 8 s, spread by ±50 %. A large class,
 * which may have lost the server together, is spread over 8 ms a person at least.
 * @param {number} attempt @param {() => number} random @param {number} [people]
 */
export function reconnectDelay(attempt, random, people = 1) {
  const base = Math.min(8000, 500 * 2 ** (attempt - 1));
  return Math.round(base / 2 + random() * Math.max(base, SPREAD_PER_PERSON * people));
}

/** @param {any} reply @returns {any} the reply of an accepted request; raises ProtocolError for a refused one */
export function unwrap(reply) {
  if (reply && reply.ok === true) return reply;
  const error = (reply && reply.error) || {};
  throw new ProtocolError(
    error.code ?? "bad_reply",
    error.message ?? "The server's answer was not understood.",
    error.field,
  );
}

export class Protocol {
  /** @param {{factory: SocketFactory, token: string, url?: string, clock?: Clock, timeout?: number}} options */
  constructor({ factory, token, url, clock = systemClock, timeout = 10_000 }) {
    this.token = token;
    this.attempts = 0;
    this.closed = false;
    this._people = 1;
    this._offers = 0;
    /** @type {{offer: number, resolve: (answer: any) => void, reject: (error: Error) => void}|null} */
    this._pendingAnswer = null;
    this._clock = clock;
    this._timeout = timeout;
    this._timer = /** @type {any} */ (null);
    /** @type {Map<string, Set<(payload: any) => void>>} */
    this._handlers = new Map();
    this._socket = factory(url, {
      path: "/socket.io/",
      auth: (/** @type {(data: object) => void} */ give) => give({ token: this.token }),
      autoConnect: false,
      reconnection: false,
      transports: ["websocket"],
      timeout,
    });
    this._listen();
  }

  get connected() {
    return this._socket.connected;
  }

  /**
   * Events: those of the server by their names, and "connected", "disconnected" {reason}, "retry" {attempt, delay},
   * "refused" ProtocolError (no further attempts).
   * @param {string} event @param {(payload: any) => void} handler @returns {() => void} stops listening
   */
  on(event, handler) {
    const handlers = this._handlers.get(event) ?? new Set();
    this._handlers.set(event, handlers.add(handler));
    return () => handlers.delete(handler);
  }

  open() {
    this.closed = false;
    this._socket.connect();
  }

  /** Ends the conversation for good: it does not reconnect. */
  close() {
    this.closed = true;
    this._clock.clearTimeout(this._timer);
    this._socket.disconnect();
  }

  /** Breaks the connection as a failing network does, for tests of recovery. */
  drop() {
    this._socket.io?.engine?.close();
  }

  /** Disconnects, and connects again after the delay: a join was refused for a reason that will pass. */
  reconnectLater() {
    this._socket.disconnect();
  }

  /** Connects at once instead of after the delay: the network came back, or the page was shown. */
  reconnectNow() {
    if (this.closed || this._socket.connected) return;
    this._clock.clearTimeout(this._timer);
    this._socket.connect();
  }

  /** @param {string} event @param {object} payload @returns {Promise<any>} */
  async request(event, payload = {}) {
    if (!this._socket.connected) throw new ProtocolError("offline", "You are not connected. Trying again…");
    let reply;
    try {
      reply = await this._socket.timeout(this._timeout).emitWithAck(event, payload);
    } catch {
      throw new ProtocolError("timeout", "The server did not answer in time.");
    }
    return unwrap(reply);
  }

  /** @param {string} classId @param {string|null} [resume] */
  async join(classId, resume) {
    const reply = await this.request("video-join", resume ? { classId, resume } : { classId });
    this.attempts = 0;
    this._countPeople(reply);
    return reply;
  }

  /**
   * Makes an offer; resolves with the server's answer {sdp, sections}. The answer comes as an event, before or after
   * the acknowledgement, and names its offer: an answer to an earlier one is ignored.
   * @param {string} sdp @param {boolean} [iceRestart]
   */
  async offer(sdp, iceRestart = false) {
    const offer = (this._offers += 1);
    const answer = this._answerTo(offer);
    try {
      await this.request("video-offer", iceRestart ? { sdp, offer, iceRestart } : { sdp, offer });
      return await answer;
    } finally {
      if (this._pendingAnswer?.offer === offer) this._rejectAnswer("offline", "The offer was refused.");
    }
  }

  /** @param {number} offer @returns {Promise<any>} */
  _answerTo(offer) {
    this._pendingAnswer?.reject(new ProtocolError("offline", "Another offer was made."));
    const timer = this._clock.setTimeout(
      () => this._rejectAnswer("timeout", "The server did not answer in time."),
      this._timeout,
    );
    const answer = new Promise((resolve, reject) => (this._pendingAnswer = { offer, resolve, reject }));
    const over = () => this._clock.clearTimeout(timer);
    answer.then(over, over);
    return answer;
  }

  /** @param {string} code @param {string} message */
  _rejectAnswer(code, message) {
    this._pendingAnswer?.reject(new ProtocolError(code, message));
    this._pendingAnswer = null;
  }

  /** @param {{offer?: number}} answer */
  _resolveAnswer(answer) {
    if (this._pendingAnswer?.offer !== answer.offer) return;
    this._pendingAnswer?.resolve(answer);
    this._pendingAnswer = null;
  }

  /** @param {boolean} [resumable] true when the page closes and may come back */
  leave(resumable = false) {
    return this.request("video-leave", resumable ? { resumable } : {});
  }

  /** @param {{microphone?: boolean, camera?: boolean, screen?: boolean}} state */
  mediaState(state) {
    return this.request("media-state", state);
  }

  /** @param {import("./types.js").SlotWant[]} slots */
  layout(slots) {
    return this.request("layout", { slots });
  }

  /** @param {string} text @param {string} [to] */
  chat(text, to = "all") {
    return this.request("chat-message", { text, to });
  }

  /** @param {boolean} raised */
  hand(raised) {
    return this.request("hand", { raised });
  }

  /** @param {string} kind */
  reaction(kind) {
    return this.request("reaction", { kind });
  }

  /** @param {string} action @param {string} [participant] */
  moderate(action, participant) {
    return this.request("moderate", participant ? { action, participant } : { action });
  }

  /** @param {string} classId */
  startClass(classId) {
    return this.request("class-start", { classId });
  }

  /** @param {string} classId */
  endClass(classId) {
    return this.request("class-end", { classId });
  }

  _listen() {
    this._socket.on("connect", () => {
      this._emit("connected", undefined);
    });
    this._socket.on("disconnect", (reason) => {
      this._rejectAnswer("offline", "The connection was lost.");
      this._emit("disconnected", { reason });
      this._retry();
    });
    this._socket.on("connect_error", (error) => this._failed(error));
    for (const name of SERVER_EVENTS) {
      this._socket.on(name, (payload) => this._receive(name, payload));
    }
  }

  /** @param {string} name @param {any} payload */
  _receive(name, payload) {
    if (name === "removed") this.closed = true;
    if (name === "video-answer") this._resolveAnswer(payload);
    this._countPeople(payload);
    this._emit(name, payload);
  }

  /** Keeps the number of people in the class, for the spread of reconnecting. @param {any} payload */
  _countPeople(payload) {
    this._people = payload?.totals?.participants ?? this._people;
  }

  /** @param {Error & {data?: {code: string, message: string}}} error */
  _failed(error) {
    if (!error.data || !FINAL_CODES.has(error.data.code)) return this._retry();
    this.closed = true;
    this._socket.disconnect();
    this._emit("refused", new ProtocolError(error.data.code, error.data.message));
  }

  _retry() {
    if (this.closed) return;
    this.attempts += 1;
    const delay = reconnectDelay(this.attempts, this._clock.random, this._people);
    this._clock.clearTimeout(this._timer);
    this._timer = this._clock.setTimeout(() => this._socket.connect(), delay);
    this._emit("retry", { attempt: this.attempts, delay });
  }

  /** @param {string} event @param {any} payload */
  _emit(event, payload) {
    for (const handler of this._handlers.get(event) ?? []) handler(payload);
  }
}
