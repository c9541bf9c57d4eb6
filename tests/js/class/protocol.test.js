import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Protocol, ProtocolError, reconnectDelay, unwrap } from "../../../static/js/class/protocol.js";
import { FakeClock, FakeSocket } from "../support.js";

/** @type {FakeSocket} */
let socket;
/** @type {FakeClock} */
let clock;
/** @type {Protocol} */
let protocol;
/** @type {[string, any][]} */
let heard;

beforeEach(() => {
  [socket, clock, heard] = [new FakeSocket(), new FakeClock(), []];
  const factory = (/** @type {any} */ _url, /** @type {any} */ options) => {
    socket.options = options;
    return socket;
  };
  protocol = new Protocol({ factory, token: "ticket", clock });
  for (const event of ["connected", "disconnected", "retry", "refused", "removed", "slots"]) {
    protocol.on(event, (payload) => heard.push([event, payload]));
  }
});

function connected() {
  protocol.open();
  socket.accept();
}

test("the token goes with the connection, not into the address", () => {
  socket.options.auth((/** @type {any} */ data) => assert.deepEqual(data, { token: "ticket" }));
  assert.equal(socket.options.reconnection, false);
  assert.equal(socket.connects, 0);
  protocol.open();
  assert.equal(socket.connects, 1);
});

test("an accepted request resolves with the reply", async () => {
  connected();
  socket.reply = () => ({ ok: true, id: "m1", at: 7 });
  assert.equal((await protocol.chat("Hello", "teachers")).id, "m1");
  assert.deepEqual(socket.sent, [["chat-message", { text: "Hello", to: "teachers" }]]);
});

test("a refused request raises the server's code, message and field", async () => {
  connected();
  socket.reply = () => ({ ok: false, error: { code: "bad_message", message: "too long", field: "text" } });
  await assert.rejects(protocol.chat("x"), {
    name: "ProtocolError",
    code: "bad_message",
    message: "too long",
    field: "text",
  });
});

test("a malformed reply is an error too", () => {
  for (const odd of [undefined, null, {}, { ok: 1 }, "ok"]) assert.throws(() => unwrap(odd), { code: "bad_reply" });
});

test("a request without a connection fails at once and is never sent", async () => {
  await assert.rejects(protocol.hand(true), { code: "offline" });
  connected();
  assert.deepEqual(socket.sent, []);
});

test("a request without an answer times out", async () => {
  connected();
  socket.reply = () => Promise.reject(new Error("operation has timed out"));
  await assert.rejects(protocol.reaction("clap"), { code: "timeout" });
});

test("every request has its event and payload", async () => {
  connected();
  socket.reply = answering;
  await protocol.join("demo", null);
  await protocol.join("demo", "r1");
  await protocol.offer("sdp");
  await protocol.offer("sdp", true);
  await protocol.leave();
  await protocol.leave(true);
  await protocol.mediaState({ camera: false });
  await protocol.layout([{ mid: "8", want: "off" }]);
  await protocol.hand(false);
  await protocol.reaction("heart");
  await protocol.moderate("lock");
  await protocol.moderate("mute", "p1");
  await protocol.startClass("demo");
  await protocol.endClass("demo");
  assert.deepEqual(socket.sent, [
    ["video-join", { classId: "demo" }],
    ["video-join", { classId: "demo", resume: "r1" }],
    ["video-offer", { sdp: "sdp", offer: 1 }],
    ["video-offer", { sdp: "sdp", offer: 2, iceRestart: true }],
    ["video-leave", {}],
    ["video-leave", { resumable: true }],
    ["media-state", { camera: false }],
    ["layout", { slots: [{ mid: "8", want: "off" }] }],
    ["hand", { raised: false }],
    ["reaction", { kind: "heart" }],
    ["moderate", { action: "lock" }],
    ["moderate", { action: "mute", participant: "p1" }],
    ["class-start", { classId: "demo" }],
    ["class-end", { classId: "demo" }],
  ]);
});

/** Answers offers by an event that comes before the acknowledgement. @param {string} event @param {any} payload */
function answering(event, payload) {
  if (event === "video-offer")
    socket.handlers["video-answer"]({ sdp: `answer ${payload.offer}`, sections: [], offer: payload.offer });
  return { ok: true };
}

/** Lets promises run. */
async function settle() {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

test("the answer is an event, before the acknowledgement or after it", async () => {
  connected();
  socket.reply = answering;
  assert.equal((await protocol.offer("one")).sdp, "answer 1");
  socket.reply = () => ({ ok: true });
  const second = protocol.offer("two");
  await settle();
  socket.handlers["video-answer"]({ sdp: "answer 2", sections: [], offer: 2 });
  assert.equal((await second).sdp, "answer 2");
  assert.equal(clock.timers.size, 0);
});

test("a late answer to an earlier offer is ignored", async () => {
  connected();
  const first = assert.rejects(protocol.offer("one"), { code: "offline" });
  const second = protocol.offer("two");
  await settle();
  socket.handlers["video-answer"]({ sdp: "late", sections: [], offer: 1 });
  socket.handlers["video-answer"]({ sdp: "right", sections: [], offer: 2 });
  assert.equal((await second).sdp, "right");
  await first;
  socket.handlers["video-answer"]({ sdp: "again", sections: [], offer: 2 });
});

test("a missing answer is reported as a timeout, or as the loss of the connection", async () => {
  connected();
  const slow = assert.rejects(protocol.offer("one"), { code: "timeout" });
  await settle();
  clock.fire();
  await slow;
  const lost = assert.rejects(protocol.offer("two"), { code: "offline" });
  await settle();
  socket.lose("transport close");
  await lost;
});

test("a refused offer leaves nothing behind", async () => {
  connected();
  socket.reply = () => ({ ok: false, error: { code: "too_many_offers", message: "Wait." } });
  await assert.rejects(protocol.offer("one"), { code: "too_many_offers" });
  await settle();
  assert.equal(clock.timers.size, 0);
});

test("WebSocket is the only transport", () => {
  assert.deepEqual(socket.options.transports, ["websocket"]);
});

test("server events reach their listeners until these stop", () => {
  const seen = /** @type {any[]} */ ([]);
  const stop = protocol.on("hands", (payload) => seen.push(payload));
  socket.handlers.hands({ hands: [] });
  stop();
  socket.handlers.hands({ hands: [1] });
  assert.deepEqual(seen, [{ hands: [] }]);
});

test("after a lost connection the page reconnects, with growing delays", () => {
  connected();
  socket.lose("transport close");
  assert.deepEqual(heard.slice(1), [
    ["disconnected", { reason: "transport close" }],
    ["retry", { attempt: 1, delay: 500 }],
  ]);
  for (const expected of [1000, 2000, 4000, 8000, 8000]) {
    clock.fire();
    socket.handlers.connect_error(new Error("xhr poll error"));
    assert.deepEqual(clock.delays, [expected]);
  }
  assert.equal(socket.connects, 6);
});

test("the delay is spread by half to each side", () => {
  assert.equal(
    reconnectDelay(1, () => 0),
    250,
  );
  assert.equal(
    reconnectDelay(1, () => 1),
    750,
  );
  assert.equal(
    reconnectDelay(40, () => 0.5),
    8000,
  );
});

test("a large class reconnects over some seconds, a small one at once", async () => {
  assert.equal(
    reconnectDelay(1, () => 0, 1000),
    250,
  );
  assert.equal(
    reconnectDelay(1, () => 1, 1000),
    8250,
  );
  assert.equal(
    reconnectDelay(1, () => 1, 30),
    750,
  );
  connected();
  socket.reply = () => ({ ok: true, totals: { participants: 300, hands: 0 } });
  await protocol.join("demo");
  socket.handlers["participant-left"]({ participants: ["p"], totals: { participants: 500, hands: 0 } });
  socket.lose("transport close");
  assert.deepEqual(clock.delays, [2250]);
});

test("a join resets the delays, a connection alone does not", async () => {
  connected();
  socket.lose("transport close");
  clock.fire();
  socket.accept();
  socket.lose("transport close");
  assert.deepEqual(clock.delays, [1000]);
  clock.fire();
  socket.accept();
  await protocol.join("demo");
  socket.lose("ping timeout");
  assert.deepEqual(clock.delays, [500]);
});

test("a socket closed by the server counts as a lost connection too", () => {
  connected();
  socket.lose("io server disconnect");
  assert.deepEqual(clock.delays, [500]);
});

test("a refusal that cannot change ends reconnecting", () => {
  for (const code of ["no_token", "bad_token", "token_expired", "token_not_yet_valid"]) {
    heard.length = 0;
    protocol.open();
    socket.handlers.connect_error(Object.assign(new Error("x"), { data: { code, message: "Ask for a new link." } }));
    assert.equal(heard[0][0], "refused");
    assert.ok(heard[0][1] instanceof ProtocolError);
    assert.equal(heard[0][1].code, code);
    assert.equal(clock.timers.size, 0);
  }
});

test("the page connects again to a full or draining server", () => {
  protocol.open();
  socket.handlers.connect_error(Object.assign(new Error("x"), { data: { code: "server_full", message: "Full." } }));
  assert.equal(heard[0][0], "retry");
  assert.equal(clock.timers.size, 1);
});

test("a removed participant's page does not reconnect by itself", () => {
  connected();
  socket.handlers.removed({ reason: "replaced" });
  socket.lose("io server disconnect");
  assert.equal(clock.timers.size, 0);
  assert.deepEqual(heard.at(-1), ["disconnected", { reason: "io server disconnect" }]);
});

test("closing ends reconnecting", () => {
  connected();
  socket.lose("transport close");
  protocol.close();
  assert.equal(clock.timers.size, 0);
  protocol.reconnectNow();
  assert.equal(socket.connects, 1);
});

test("reconnectLater drops the connection and connects again after the delay", () => {
  connected();
  protocol.reconnectLater();
  assert.equal(socket.connected, false);
  assert.deepEqual(clock.delays, [500]);
});

test("reconnectNow does not wait for the delay", () => {
  connected();
  protocol.reconnectNow();
  assert.equal(socket.connects, 1, "there is nothing to reconnectNow while connected");
  socket.lose("transport close");
  protocol.reconnectNow();
  assert.equal(socket.connects, 2);
  assert.equal(clock.timers.size, 0);
});
