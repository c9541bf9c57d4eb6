// One stay in a lesson: joins the socket's conversation and the peer connection, through reloads, lost networks and the
// end.

import { effect } from "@preact/signals";
import { planSlots } from "./layout.js";
import { Peer } from "./peer.js";
import { Protocol, SERVER_EVENTS } from "./protocol.js";
import {
  audioMids,
  dispatch,
  galleryPage,
  grid,
  participants,
  stage,
  stageSpace,
  state,
  streams,
  videoMids,
  visible,
} from "./store.js";

const LAYOUT_DELAY_MS = 60;
const LAYOUT_RETRY_MS = 1500;

/** Refusals of `video-join` that end the stay; after others the page joins again with the next connection. */
const FINAL_JOIN_CODES = new Set([
  ...["removed", "locked", "wrong_class", "forbidden", "class_full", "replaced", "flooding"],
  ...[
    "not_enrolled",
    "not_yet_open",
    "refunded",
    "disputed",
    "enrolment_expired",
    "class_cancelled",
    "class_ended",
    "not_found",
    "account_disabled",
  ],
]);

export class Session {
  /**
   * @param {{classId: string, token: string, memory: ReturnType<typeof import("./memory.js").classMemory>,
   *   media: import("./media.js").LocalMedia, factory: import("./protocol.js").SocketFactory}} options
   */
  constructor({ classId, token, memory, media, factory }) {
    this.classId = classId;
    this.memory = memory;
    this.media = media;
    /** @type {Peer|null} */
    this.peer = null;
    /** @type {import("./types.js").SlotWant[]} */
    this._layoutSent = [];
    this._iceServers = /** @type {RTCIceServer[]} */ ([]);
    this._counts = { audio: 4, video: 10 };
    this._offersBefore = 0;
    this._offered = false;
    this._layoutTimer = /** @type {any} */ (undefined);
    this.protocol = new Protocol({ factory, token });
    this._listen();
  }

  get offers() {
    return this._offersBefore + (this.peer?.offers ?? 0);
  }

  enter() {
    dispatch("link", "connecting");
    if (state.value.phase !== "returning") dispatch("phase", "joining");
    this.protocol.open();
  }

  /** Leaves the lesson for good. */
  async leave() {
    this.memory.keep({ resume: null, inClass: false });
    const gone = this.protocol.leave().catch(() => {});
    dispatch("over", { kind: "left" });
    await gone;
    this._finish();
  }

  /** Tells the server that the page closes and may come back: a reload, a closed tab. */
  pause() {
    if (state.value.phase === "class") this.protocol.leave(true).catch(() => {});
  }

  /**
   * Awaits a request; a refusal becomes a toast.
   * @param {Promise<any>} request @returns {Promise<boolean>} whether it was accepted
   */
  async attempt(request) {
    try {
      await request;
      return true;
    } catch (error) {
      dispatch("toast", { kind: "danger", text: /** @type {Error} */ (error).message });
      return false;
    }
  }

  _listen() {
    const { protocol } = this;
    for (const name of SERVER_EVENTS) protocol.on(name, (payload) => dispatch(name, payload));
    protocol.on("connected", () => void this._join());
    protocol.on("retry", (payload) => dispatch("retry", payload));
    protocol.on("refused", (error) => this._refused(error));
    protocol.on("removed", () => this._finish());
    protocol.on("liveclass-ended", () => this._finish());
    protocol.on("liveclass-started", () => void this._connectMedia());
    protocol.on("moderated", ({ action }) => this._applyModeration(action));
    this.media.onTrack = (source, track) => void this.peer?.setTrack(source, track);
    this.media.onChange = (change) => this._mediaChanged(change);
    this._stopLayout = effect(() => this._layoutChanged());
  }

  async _join() {
    const { resume } = this.memory.read();
    try {
      const reply = await this.protocol.join(this.classId, resume);
      this._joined(reply);
    } catch (error) {
      const { code } = /** @type {import("./protocol.js").ProtocolError} */ (error);
      if (FINAL_JOIN_CODES.has(code)) this._refused(/** @type {any} */ (error));
      else this.protocol.reconnectLater();
    }
  }

  /** @param {any} reply */
  _joined(reply) {
    const { microphone, camera } = this.media.state();
    this.memory.keep({
      resume: reply.resume,
      inClass: true,
      ...(state.value.phase === "joining" && { microphone, camera }),
    });
    this._iceServers = reply.iceServers;
    this._counts = reply.slots;
    dispatch("joined", reply);
    if (reply.class.state === "ended") return this._ended();
    this.protocol.mediaState(this.media.state()).catch(() => {});
    if (reply.resumed && this.peer) void this._mediaResumed();
    else if (reply.class.started) void this._connectMedia();
  }

  _ended() {
    dispatch("over", { kind: "ended" });
    this._finish();
  }

  async _mediaResumed() {
    this._layoutSent = [];
    this._sendLayout();
    await this.peer?.recover();
  }

  async _connectMedia() {
    this._offersBefore = this.offers;
    this._offered = false;
    this.peer?.close();
    const peer = new Peer({ iceServers: this._iceServers, counts: this._counts, hooks: this._hooks() });
    this.peer = peer;
    for (const [source, track] of this.media.tracks()) await peer.setTrack(source, track);
    await peer.connect();
  }

  /** @returns {import("./peer.js").PeerHooks} */
  _hooks() {
    return {
      exchange: async (sdp, iceRestart) => {
        const answer = await this.protocol.offer(sdp, iceRestart);
        this._offered = true;
        this._layoutSent = [];
        this._sendLayout();
        return answer;
      },
      changed: (connection) => dispatch("connection", connection),
      slots: (slots) => {
        streams.value = Object.fromEntries(slots.map(({ mid, stream }) => [mid, stream]));
        audioMids.value = slots.filter((slot) => slot.kind === "audio").map((slot) => slot.mid);
        videoMids.value = slots.filter((slot) => slot.kind === "video").map((slot) => slot.mid);
      },
      refused: (error) => dispatch("toast", { kind: "danger", text: error.message }),
    };
  }

  /** Reads every signal the layout depends on, so that each of their changes sends a new one. */
  _layoutChanged() {
    void [
      stage.value,
      galleryPage.value,
      grid.value,
      stageSpace.value,
      visible.value,
      videoMids.value,
      participants.value,
    ];
    this._scheduleLayout();
  }

  /** @param {number} [delay] */
  _scheduleLayout(delay = LAYOUT_DELAY_MS) {
    clearTimeout(this._layoutTimer);
    this._layoutTimer = setTimeout(() => this._sendLayout(), delay);
  }

  _sendLayout() {
    if (!this._offered || !this.protocol.connected) return;
    const density = globalThis.devicePixelRatio || 1;
    const view = {
      mids: videoMids.value,
      stage: stage.value,
      tiles: galleryPage.value.items,
      participants: state.value.participants,
      selfId: state.value.self?.id ?? "",
      stageHeight: stageSpace.value.height * Math.min(density, 2),
      tileHeight: grid.value.height * Math.min(density, 1.5),
      visible: visible.value,
    };
    const slots = planSlots(view, this._layoutSent);
    if (JSON.stringify(slots) === JSON.stringify(this._layoutSent)) return;
    this._layoutSent = slots;
    this.protocol.layout(slots).catch(() => {
      this._layoutSent = [];
      this._scheduleLayout(LAYOUT_RETRY_MS);
    });
  }

  /** @param {{microphone?: boolean, camera?: boolean, screen?: boolean}} change */
  _mediaChanged(change) {
    const { microphone, camera } = this.media.state();
    this.memory.keep({ microphone, camera });
    if (state.value.phase === "class") this.protocol.mediaState(change).catch(() => {});
  }

  /** @param {string} action */
  _applyModeration(action) {
    if (action === "mute") void this.media.set("microphone", false);
    if (action === "stop-camera") void this.media.set("camera", false);
  }

  /** @param {import("./protocol.js").ProtocolError} error */
  _refused(error) {
    if (state.value.self) dispatch("over", { kind: "refused", text: error.message });
    else dispatch("join-failed", { code: error.code, message: error.message });
    this._finish();
  }

  _finish() {
    this.memory.keep({ resume: null, inClass: false });
    this._stopLayout?.();
    clearTimeout(this._layoutTimer);
    this.protocol.close();
    this.peer?.close();
    this.media.onTrack = this.media.onChange = () => {};
    if (state.value.phase === "over") this.media.close();
  }
}
