// Helpers of the pages' unit tests: participants as the server writes them, and a socket and a clock that the test
// moves.

/** @param {string} id @param {object} [change] @returns {any} a participant as the server writes it */
export function wire(id, change = {}) {
  const { microphone = false, camera = false, screen = false, ...rest } = /** @type {any} */ (change);
  const media = { microphone, camera, screen };
  return {
    id,
    name: id.toUpperCase(),
    role: "student",
    order: id.charCodeAt(0),
    hand: false,
    media,
    connection: "connected",
    ...rest,
  };
}

/** @param {string[]} ids */
export function totals(...ids) {
  return { participants: ids.length, hands: 0 };
}

/** @param {object} [change] @returns {any} the answer to `video-join`: teacher t and the own participant s */
export function joinReply(change = {}) {
  return {
    self: { ...wire("s"), can: { publish: true, screen: true, chat: true, moderate: false } },
    resumed: false,
    participants: [wire("s"), wire("t", { role: "teacher", camera: true })],
    totals: totals("s", "t"),
    iceServers: [],
    slots: { audio: 4, video: 10 },
    chat: [],
    hands: [],
    resume: "r1",
    serverTime: 50_000,
    class: { id: "demo", title: "Demo", state: "live", started: true, startedAt: 40_000, locked: false },
    ...change,
  };
}

/** A socket that the test moves. */
export class FakeSocket {
  constructor() {
    this.connected = false;
    /** @type {[string, any][]} */
    this.sent = [];
    this.connects = 0;
    /** @type {Record<string, (payload?: any) => void>} */
    this.handlers = {};
    /** @type {(event: string, payload: any) => any} */
    this.reply = () => ({ ok: true });
    this.options = /** @type {any} */ (null);
  }

  /** @param {string} event @param {(payload?: any) => void} handler */
  on(event, handler) {
    this.handlers[event] = handler;
  }

  connect() {
    this.connects += 1;
  }

  disconnect() {
    if (!this.connected) return;
    this.lose("io client disconnect");
  }

  timeout() {
    return {
      emitWithAck: async (/** @type {string} */ event, /** @type {any} */ payload) => {
        this.sent.push([event, payload]);
        return await this.reply(event, payload);
      },
    };
  }

  accept() {
    this.connected = true;
    this.handlers.connect();
  }

  /** @param {string} reason */
  lose(reason) {
    this.connected = false;
    this.handlers.disconnect(reason);
  }
}

/** A clock whose timers fire when the test says so. */
export class FakeClock {
  constructor() {
    /** @type {Map<number, {ms: number, handler: () => void}>} */
    this.timers = new Map();
    this.serial = 0;
  }

  /** @param {() => void} handler @param {number} ms */
  setTimeout = (handler, ms) => {
    this.serial += 1;
    this.timers.set(this.serial, { ms, handler });
    return this.serial;
  };

  /** @param {number} id */
  clearTimeout = (id) => void this.timers.delete(id);

  random = () => 0.5;

  fire() {
    const due = [...this.timers.values()];
    this.timers.clear();
    for (const { handler } of due) handler();
  }

  get delays() {
    return [...this.timers.values()].map(({ ms }) => ms);
  }
}
