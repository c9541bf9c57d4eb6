// The Socket.IO conversation with the server: requests as promises, events, recovery. Knows no DOM.
//
// Every request is acknowledged with {ok: true, …} or {ok: false, error: {code, message, field?}}; a refusal becomes
// a ProtocolError. Requests made while the socket is down fail at once with code "offline": nothing is sent late.

/** What a request, or the connection, was refused with. */
export class ProtocolError extends Error {
  /** @param {string} code @param {string} message @param {string} [field] */
  constructor(code, message, field) {
    super(message);
    this.name = "ProtocolError";
    this.code = code;
    this.field = field;
  }
}

/** Codes of a refused connection that the same token will always meet. */
export const FINAL_CODES = new Set(["no_token", "bad_token", "token_expired", "token_not_yet_valid"]);

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

/** Milliseconds of waiting for each other person of the class: the server has that long for the one before. */
const SPREAD_PER_PERSON = 8;

/**
 * @typedef {{connected: boolean, connect(): unknown, disconnect(): unknown,
 *   on(event: string, handler: (...args: any[]) => void): unknown,
 *   timeout(ms: number): {emitWithAck(event: string, payload: unknown): Promise<any>},
 *   io?: {engine?: {close(): void}}}} SocketLike
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
 * which
 * may have lost the server together, is spread over 8 ms a person at least.
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
    this._awaited = null;
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

  /** Ends the conversation for good: no more attempts. */
  close() {
    this.closed = true;
    this._clock.clearTimeout(this._timer);
    this._socket.disconnect();
  }

  /** Loses the connection as a network would, for tests of recovery. */
  drop() {
    this._socket.io?.engine?.close();
  }

  /**
   * Starts the conversation over after a delay: it is connected but of no use (a join that failed for a passing
   * reason).
   */
  again() {
    this._socket.disconnect();
  }

  /** Tries at once instead of waiting out the delay (the network came back, the page was shown). */
  hurry() {
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
    this._count(reply);
    return reply;
  }

  /**
   * Gives an offer; resolves with the server's answer {sdp, sections}. That comes as an event, before or after the
   * acknowledgement, and names its offer: the answer to an earlier one is passed over.
   * @param {string} sdp @param {boolean} [iceRestart]
   */
  async offer(sdp, iceRestart = false) {
    const offer = (this._offers += 1);
    const answer = this._answerTo(offer);
    try {
      await this.request("video-offer", iceRestart ? { sdp, offer, iceRestart } : { sdp, offer });
      return await answer;
    } finally {
      if (this._awaited?.offer === offer) this._noAnswer("offline", "The offer was refused.");
    }
  }

  /** @param {number} offer @returns {Promise<any>} */
  _answerTo(offer) {
    this._awaited?.reject(new ProtocolError("offline", "Another offer was made."));
    const timer = this._clock.setTimeout(
      () => this._noAnswer("timeout", "The server did not answer in time."),
      this._timeout,
    );
    const answer = new Promise((resolve, reject) => (this._awaited = { offer, resolve, reject }));
    const over = () => this._clock.clearTimeout(timer);
    answer.then(over, over);
    return answer;
  }

  /** @param {string} code @param {string} message */
  _noAnswer(code, message) {
    this._awaited?.reject(new ProtocolError(code, message));
    this._awaited = null;
  }

  /** @param {{offer?: number}} answer */
  _answered(answer) {
    if (this._awaited?.offer !== answer.offer) return;
    this._awaited?.resolve(answer);
    this._awaited = null;
  }

  /** @param {boolean} [resumable] true when the page goes away and may come back */
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
      this._noAnswer("offline", "The connection was lost.");
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
    if (name === "video-answer") this._answered(payload);
    this._count(payload);
    this._emit(name, payload);
  }

  /** Keeps how many people the class has. @param {any} payload */
  _count(payload) {
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
