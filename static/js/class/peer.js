// The one RTCPeerConnection of a participant: its offer, its tracks, its recovery and its statistics.
//
// The offer's order is a contract with the server: microphone, screen-audio, camera, screen (sending), then the
// receiving slots. Tracks come and go with replaceTrack, so a new offer is made only to restart ICE or to build a new
// connection.

import { preferStereo, withStartBitrate } from "./sdp.js";

/** @typedef {import("./types.js").Source} Source */
/** @typedef {{mid: string, kind: "audio"|"video", stream: MediaStream}} SlotStream */
/**
 * @typedef {object} PeerHooks
 * @property {(sdp: string, iceRestart: boolean) => Promise<{sdp: string}>} exchange  sends the server an
 *   offer and resolves with its answer
 * @property {(state: string) => void} changed  connection state, in RTCPeerConnection's words
 * @property {(slots: SlotStream[]) => void} slots  the receiving slots, once their mids are known
 * @property {(error: Error) => void} refused  the server refuses this offer, or refuses it for now
 */

/** A short network failure heals by itself: ICE is restarted when it has lasted this long. */
const RESTART_AFTER_MS = 2500;
/** A connection or an ICE restart that is not "connected" by then is given up for a new connection. */
const CONNECT_TIMEOUT_MS = 12_000;
/** Errors after which the same offer may be made again later: the server was slow, or was asked too often. */
const RETRYABLE = new Set(["timeout", "too_many_offers", "too_many_messages"]);
/** The longest wait before an offer is made again; the wait doubles from RESTART_AFTER_MS. */
const MAX_RETRY_MS = 20_000;

/**
 * The first bitrate, above the 1.4 Mbit/s at which Chromium opens the camera's top layer. With its own first guess
 * Chromium sent that layer after 0.6 to more than 20 s (five joins on a busy machine); told 1.2 Mbit/s, after 0.6 to
 * 0.7 s every time.
 */
const START_KBPS = 1600;

const CAMERA_LAYERS = [
  { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 1_700_000 },
];
const SCREEN_LAYERS = [
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 500_000, maxFramerate: 15 },
  { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 2_500_000, maxFramerate: 30 },
];

export class Peer {
  /** @param {{iceServers: RTCIceServer[], counts: import("./types.js").SlotCounts, hooks: PeerHooks}} options */
  constructor({ iceServers, counts, hooks }) {
    this.offers = 0;
    this._iceServers = iceServers;
    this._counts = counts;
    this._hooks = hooks;
    /** @type {RTCPeerConnection|null} */
    this._pc = null;
    /** @type {Map<Source, RTCRtpTransceiver>} */
    this._senders = new Map();
    /** @type {Map<Source, MediaStreamTrack|null>} */
    this._tracks = new Map();
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this._timer = undefined;
    this._wanted = /** @type {"nothing"|"restart"|"rebuild"} */ ("nothing");
    this._failures = 0;
    this._busy = false;
    this._closed = false;
  }

  get state() {
    return this._pc?.connectionState ?? "new";
  }

  /** Builds a new connection with the same tracks. */
  async connect() {
    await this._attempt("rebuild", () => this._build());
  }

  /** @param {Source} source @param {MediaStreamTrack|null} track */
  async setTrack(source, track) {
    this._tracks.set(source, track);
    await this._senders.get(source)?.sender.replaceTrack(track);
  }

  /** Makes the offer that could not be made while the socket was down. */
  async recover() {
    if (this._wanted === "rebuild") await this.connect();
    if (this._wanted === "restart") await this.restart();
  }

  /** Restarts ICE: the path is broken, or the network changed. */
  async restart() {
    const pc = this._pc;
    if (pc?.remoteDescription) await this._attempt("restart", () => this._negotiate(pc, true));
  }

  close() {
    this._closed = true;
    clearTimeout(this._timer);
    this._pc?.close();
  }

  async stats() {
    return this._pc ? await this._pc.getStats() : new Map();
  }

  async _build() {
    this._pc?.close();
    const pc = new RTCPeerConnection({ iceServers: this._iceServers, bundlePolicy: "max-bundle" });
    this._pc = pc;
    pc.addEventListener("connectionstatechange", () => this._changed(pc));
    this._addSections(pc);
    await this._applyTracks();
    await this._negotiate(pc, false);
  }

  /** @param {RTCPeerConnection} pc */
  _addSections(pc) {
    /** @type {[Source, "audio"|"video", RTCRtpEncodingParameters[]?][]} */
    const sending = [
      ["microphone", "audio"],
      ["screen-audio", "audio", [{ maxBitrate: 128_000 }]],
      ["camera", "video", CAMERA_LAYERS],
      ["screen", "video", SCREEN_LAYERS],
    ];
    this._senders.clear();
    for (const [source, kind, sendEncodings] of sending) {
      this._senders.set(
        source,
        pc.addTransceiver(kind, { direction: "sendonly", ...(sendEncodings && { sendEncodings }) }),
      );
    }
    for (const kind of /** @type {const} */ (["audio", "video"])) {
      for (let slot = 0; slot < this._counts[kind]; slot += 1) pc.addTransceiver(kind, { direction: "recvonly" });
    }
  }

  async _applyTracks() {
    for (const [source, track] of this._tracks) await this._senders.get(source)?.sender.replaceTrack(track);
  }

  /** @param {RTCPeerConnection} pc @param {boolean} iceRestart */
  async _negotiate(pc, iceRestart) {
    const offer = await pc.createOffer({ iceRestart });
    const sdp = preferStereo(offer.sdp ?? "");
    await pc.setLocalDescription({ type: "offer", sdp });
    this.offers += 1;
    if (!iceRestart) this._hooks.slots(slotStreams(pc));
    const answer = await this._hooks.exchange(sdp, iceRestart);
    if (pc !== this._pc || this._closed) return;
    await pc.setRemoteDescription({ type: "answer", sdp: withStartBitrate(answer.sdp, START_KBPS) });
  }

  /** @param {RTCPeerConnection} pc */
  _changed(pc) {
    if (pc !== this._pc || this._closed) return;
    const state = pc.connectionState;
    if (state === "connected") clearTimeout(this._timer);
    if (state === "disconnected") this._after(RESTART_AFTER_MS, () => this.restart());
    if (state === "failed") void this.restart();
    this._hooks.changed(state);
  }

  /** @param {"restart"|"rebuild"} what @param {() => Promise<void>} run */
  async _attempt(what, run) {
    if (this._busy || this._closed) return;
    this._busy = true;
    this._wanted = what;
    try {
      await run();
      this._wanted = "nothing";
      this._failures = 0;
      this._after(CONNECT_TIMEOUT_MS, () => this._rebuildUnlessConnected());
    } catch (error) {
      this._failed(/** @type {Error & {code?: string}} */ (error));
    } finally {
      this._busy = false;
    }
  }

  async _rebuildUnlessConnected() {
    if (this._pc?.connectionState !== "connected") await this.connect();
  }

  /** @param {Error & {code?: string}} error */
  _failed(error) {
    if (this._closed) return;
    const code = error.code ?? "";
    if (code === "offline") return; // `recover` goes on
    if (!RETRYABLE.has(code)) return this._hooks.refused(error);
    if (code !== "timeout" && this._failures === 0) this._hooks.refused(error);
    this._after(Math.min(MAX_RETRY_MS, RESTART_AFTER_MS * 2 ** this._failures), () => this.recover());
    this._failures += 1;
  }

  /** @param {number} ms @param {() => Promise<void>} run */
  _after(ms, run) {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => void run(), ms);
  }
}

/** @param {RTCPeerConnection} pc @returns {SlotStream[]} */
function slotStreams(pc) {
  return pc
    .getTransceivers()
    .filter((one) => one.direction === "recvonly" && one.mid !== null)
    .map((one) => ({
      mid: String(one.mid),
      kind: /** @type {"audio"|"video"} */ (one.receiver.track.kind),
      stream: new MediaStream([one.receiver.track]),
    }));
}
