import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Peer } from "../../../static/js/class/peer.js";
import { ProtocolError } from "../../../static/js/class/protocol.js";

/** A peer connection as far as Peer uses one. */
class FakeConnection {
  /** @type {FakeConnection[]} */
  static made = [];

  constructor() {
    this.connectionState = "new";
    /** @type {any[]} */
    this.transceivers = [];
    /** @type {any} */
    this.remoteDescription = null;
    /** @type {boolean[]} */
    this.restarts = [];
    this.changed = () => {};
    this.closed = false;
    FakeConnection.made.push(this);
  }

  /** @param {string} _event @param {() => void} handler */
  addEventListener(_event, handler) {
    this.changed = handler;
  }

  /** @param {string} kind @param {any} init */
  addTransceiver(kind, init) {
    const sender = { track: null, replaceTrack: async (/** @type {any} */ track) => void (sender.track = track) };
    const one = { kind, ...init, mid: String(this.transceivers.length), sender, receiver: { track: { kind } } };
    this.transceivers.push(one);
    return one;
  }

  getTransceivers() {
    return this.transceivers;
  }

  /** @param {{iceRestart: boolean}} options */
  async createOffer({ iceRestart }) {
    this.restarts.push(iceRestart);
    return { sdp: "v=0\r\n" };
  }

  async setLocalDescription() {}

  /** @param {any} description */
  async setRemoteDescription(description) {
    this.remoteDescription = description;
  }

  close() {
    this.closed = true;
    this.connectionState = "closed";
  }

  /** @param {string} state */
  becomes(state) {
    this.connectionState = state;
    this.changed();
  }
}

/** @type {any} */
let heard;
/** @type {(sdp: string, restart: boolean) => Promise<{sdp: string}>} */
let exchange;
/** @type {Peer} */
let peer;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  Object.assign(globalThis, { RTCPeerConnection: FakeConnection, MediaStream: class {} });
  FakeConnection.made = [];
  heard = { changed: [], slots: [], refused: [], exchanges: [] };
  exchange = async () => ({ sdp: "answer" });
  const hooks = {
    exchange: (/** @type {string} */ sdp, /** @type {boolean} */ restart) => {
      heard.exchanges.push(restart);
      return exchange(sdp, restart);
    },
    changed: (/** @type {string} */ state) => heard.changed.push(state),
    slots: (/** @type {any} */ slots) => heard.slots.push(slots),
    refused: (/** @type {Error} */ error) => heard.refused.push(error),
  };
  peer = new Peer({ iceServers: [], counts: { audio: 4, video: 10 }, hooks });
});

afterEach(() => {
  peer.close();
  mock.timers.reset();
});

/** Lets promises run. */
async function settle() {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** @param {number} ms */
async function pass(ms) {
  mock.timers.tick(ms);
  await settle();
}

async function connected() {
  await peer.connect();
  FakeConnection.made[0].becomes("connected");
  return FakeConnection.made[0];
}

test("the offer has its sections in order: microphone, screen sound, camera, screen, then the slots", async () => {
  await peer.connect();
  const made = FakeConnection.made[0].transceivers;
  const shape = made
    .slice(0, 4)
    .map(({ kind, direction, sendEncodings }) => [
      kind,
      direction,
      (sendEncodings ?? []).map((/** @type {any} */ one) => one.rid),
    ]);
  assert.deepEqual(shape, [
    ["audio", "sendonly", []],
    ["audio", "sendonly", [undefined]],
    ["video", "sendonly", ["q", "h", "f"]],
    ["video", "sendonly", ["h", "f"]],
  ]);
  const slots = made.slice(4).map(({ kind, direction }) => `${kind} ${direction}`);
  assert.deepEqual(slots, [...Array(4).fill("audio recvonly"), ...Array(10).fill("video recvonly")]);
  assert.deepEqual(
    heard.slots[0].map((/** @type {any} */ slot) => slot.mid),
    Array.from({ length: 14 }, (_, index) => String(index + 4)),
  );
  assert.equal(peer.offers, 1);
});

test("the camera's layers are a quarter, a half and the whole, each with its bitrate", async () => {
  await peer.connect();
  const layers = FakeConnection.made[0].transceivers[2].sendEncodings;
  assert.deepEqual(
    layers.map((/** @type {any} */ one) => [one.rid, one.scaleResolutionDownBy, one.maxBitrate]),
    [
      ["q", 4, 150_000],
      ["h", 2, 500_000],
      ["f", 1, 1_700_000],
    ],
  );
});

test("tracks come and go without an offer", async () => {
  const track = /** @type {any} */ ({ id: "camera" });
  await peer.setTrack("camera", track);
  const pc = await connected();
  assert.equal(pc.transceivers[2].sender.track, track);
  await peer.setTrack("camera", null);
  await peer.setTrack("screen", track);
  assert.deepEqual([pc.transceivers[2].sender.track, pc.transceivers[3].sender.track], [null, track]);
  assert.equal(peer.offers, 1);
});

test("a failed connection restarts ICE in place", async () => {
  const pc = await connected();
  pc.becomes("failed");
  await settle();
  assert.deepEqual(heard.exchanges, [false, true]);
  assert.equal(FakeConnection.made.length, 1);
  assert.equal(heard.slots.length, 1, "the slots stay those of the first offer");
});

test("a short disconnection heals by itself, a long one restarts ICE", async () => {
  const pc = await connected();
  pc.becomes("disconnected");
  await pass(2000);
  pc.becomes("connected");
  await pass(5000);
  assert.deepEqual(heard.exchanges, [false]);
  pc.becomes("disconnected");
  await pass(2600);
  assert.deepEqual(heard.exchanges, [false, true]);
});

test("a restart without success is followed by a new connection with the same tracks", async () => {
  const track = /** @type {any} */ ({ id: "microphone" });
  await peer.setTrack("microphone", track);
  const pc = await connected();
  pc.becomes("failed");
  await settle();
  await pass(13_000);
  assert.equal(FakeConnection.made.length, 2);
  assert.equal(pc.closed, true);
  assert.deepEqual(heard.exchanges, [false, true, false]);
  assert.equal(FakeConnection.made[1].transceivers[0].sender.track, track);
  assert.equal(heard.slots.length, 2);
});

test("a connection that never comes up is built again, one that is up is left alone", async () => {
  await peer.connect();
  await pass(13_000);
  assert.equal(FakeConnection.made.length, 2);
  FakeConnection.made[1].becomes("connected");
  await pass(60_000);
  assert.equal(FakeConnection.made.length, 2);
});

test("an offer that failed for a lost socket is made when the socket is back", async () => {
  const pc = await connected();
  exchange = () => Promise.reject(new ProtocolError("offline", "away"));
  pc.becomes("failed");
  await settle();
  await pass(60_000);
  assert.equal(FakeConnection.made.length, 1, "nothing is torn down while the socket is away");
  assert.deepEqual(heard.refused, []);
  exchange = async () => ({ sdp: "answer" });
  await peer.recover();
  assert.deepEqual(heard.exchanges, [false, true, true]);
  await peer.recover();
  assert.equal(heard.exchanges.length, 3, "there is nothing left to make good");
});

test("an offer to a slow server is made again", async () => {
  exchange = () => Promise.reject(new ProtocolError("timeout", "slow"));
  await peer.connect();
  exchange = async () => ({ sdp: "answer" });
  await pass(2600);
  assert.deepEqual(heard.exchanges, [false, false]);
  assert.equal(FakeConnection.made[1].remoteDescription.sdp, "answer");
});

test("offers that were too many are made again, with growing delays, and reported once", async () => {
  exchange = () => Promise.reject(new ProtocolError("too_many_offers", "Wait."));
  await peer.connect();
  for (const [ms, exchanges] of [
    [2400, 1],
    [200, 2],
    [4900, 2],
    [200, 3],
    [9900, 3],
    [200, 4],
    [19_900, 4],
    [200, 5],
    [19_900, 5],
    [200, 6],
  ]) {
    await pass(ms);
    assert.equal(heard.exchanges.length, exchanges);
  }
  assert.equal(heard.refused.length, 1);
  exchange = async () => ({ sdp: "answer" });
  await pass(20_100);
  const made = /** @type {FakeConnection} */ (FakeConnection.made.at(-1));
  assert.equal(made.remoteDescription.sdp, "answer");
  made.becomes("connected");
  await pass(60_000);
  assert.equal(heard.exchanges.length, 7);
});

test("a refused offer is reported once and not repeated", async () => {
  exchange = () => Promise.reject(new ProtocolError("bad_sdp", "No."));
  await peer.connect();
  await pass(60_000);
  assert.equal(heard.refused.length, 1);
  assert.equal(heard.exchanges.length, 1);
});

test("an answer after the end is not used", async () => {
  /** @type {(answer: {sdp: string}) => void} */
  let answer = () => {};
  exchange = () => new Promise((resolve) => (answer = resolve));
  const connecting = peer.connect();
  await settle();
  peer.close();
  answer({ sdp: "late" });
  await connecting;
  assert.equal(FakeConnection.made[0].remoteDescription, null);
  await pass(60_000);
  assert.equal(FakeConnection.made.length, 1);
});
