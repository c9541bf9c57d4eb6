// The person's own microphone, camera and screen: on or off, which device, and what went wrong with it.
//
// A muted microphone keeps its device (unmuting is instant) but sends silence; a camera that is off is closed, so its
// light goes out.

import { effect, signal } from "@preact/signals";
import { LevelMeter, listDevices, openDevice, openScreen, troubleFrom } from "./devices.js";
import { keepPreferences, preferences } from "./memory.js";

/** @typedef {import("./types.js").Source} Source */
/** @typedef {import("./types.js").Trouble} Trouble */
/** @typedef {{on: boolean, busy: boolean, track: MediaStreamTrack|null, trouble: Trouble|null}} Device */
/** @typedef {"microphone"|"camera"} Kind */

/** @returns {Device} */
const off = () => ({ on: false, busy: false, track: null, trouble: null });

export class LocalMedia {
  /** @param {import("./types.js").DeviceChoice} choice */
  constructor(choice) {
    this.microphone = signal(off());
    this.camera = signal(off());
    this.screen = signal(off());
    this.devices = signal(
      /** @type {Awaited<ReturnType<typeof listDevices>>} */ ({ microphone: [], camera: [], speaker: [] }),
    );
    this.choice = signal(choice);
    this.meter = signal(/** @type {LevelMeter|null} */ (null));
    /** Called with every track that comes or goes. @type {(source: Source, track: MediaStreamTrack|null) => void} */
    this.onTrack = () => {};
    /**
     * Called when a device is switched on or off.
     * @type {(change: {microphone?: boolean, camera?: boolean, screen?: boolean}) => void}
     */
    this.onChange = () => {};
    navigator.mediaDevices?.addEventListener?.("devicechange", () => void this.refresh());
  }

  async refresh() {
    this.devices.value = await listDevices();
  }

  /** Opens the devices that should be on. @param {{microphone: boolean, camera: boolean}} wanted */
  async begin({ microphone, camera }) {
    await Promise.all([this.open("microphone", microphone), camera ? this.open("camera") : null]);
    await this.refresh();
  }

  /** Opens a device and switches it on. @param {Kind} kind @param {boolean} [on] */
  async open(kind, on = true) {
    const device = this[kind];
    if (device.value.busy) return;
    device.value = { ...device.value, busy: true };
    try {
      const track = await openDevice(kind, this.choice.value[kind]);
      track.enabled = on;
      track.addEventListener("ended", () => this._lost(kind, track));
      device.value.track?.stop();
      this._put(kind, { on, busy: false, track, trouble: null });
      void this.refresh();
    } catch (error) {
      this._put(kind, { ...off(), trouble: troubleFrom(error, kind) });
    }
  }

  /** @param {Kind} kind @param {boolean} on */
  async set(kind, on) {
    const { track, on: was } = this[kind].value;
    if (on === was && (track || !on)) return;
    if (on && !track) return await this.open(kind);
    if (kind === "camera") return this._close(kind);
    if (track) track.enabled = on;
    this._put(kind, { ...this[kind].value, on });
  }

  /** @param {"microphone"|"camera"|"speaker"} kind @param {string} id */
  async choose(kind, id) {
    this.choice.value = { ...this.choice.value, [kind]: id };
    if (kind === "speaker") return;
    const { on, track, trouble } = this[kind].value;
    if (track || trouble) await this.open(kind, on || Boolean(trouble));
  }

  async startScreen() {
    if (this.screen.value.on || this.screen.value.busy) return;
    this.screen.value = { ...off(), busy: true };
    try {
      const { video, audio } = await openScreen();
      video.addEventListener("ended", () => this.stopScreen());
      this._screenAudio = audio;
      this.screen.value = { on: true, busy: false, track: video, trouble: null };
      this.onTrack("screen-audio", audio);
      this.onTrack("screen", video);
      this.onChange({ screen: true });
    } catch (error) {
      const dismissed =
        /** @type {Error} */ (error).name === "NotAllowedError" &&
        !/system/i.test(/** @type {Error} */ (error).message);
      this.screen.value = { ...off(), trouble: dismissed ? null : troubleFrom(error, "screen") };
    }
  }

  stopScreen() {
    if (!this.screen.value.on) return;
    this.screen.value.track?.stop();
    this._screenAudio?.stop();
    this.screen.value = off();
    this.onTrack("screen", null);
    this.onTrack("screen-audio", null);
    this.onChange({ screen: false });
  }

  /** What is on, as `media-state` tells the server. */
  state() {
    return { microphone: this.microphone.value.on, camera: this.camera.value.on, screen: this.screen.value.on };
  }

  /** The open tracks by source, for a new peer. @returns {[Source, MediaStreamTrack|null][]} */
  tracks() {
    return [
      ["microphone", this.microphone.value.track],
      ["camera", this.camera.value.track],
      ["screen", this.screen.value.track],
      ["screen-audio", this.screen.value.on ? (this._screenAudio ?? null) : null],
    ];
  }

  close() {
    this.stopScreen();
    this._close("microphone");
    this._close("camera");
  }

  /** @param {Kind} kind */
  _close(kind) {
    this[kind].value.track?.stop();
    this._put(kind, off());
  }

  /** @param {Kind} kind @param {MediaStreamTrack} track its device was unplugged or taken away */
  _lost(kind, track) {
    if (this[kind].value.track !== track) return;
    this._put(kind, { ...off(), trouble: troubleFrom({ name: "OverconstrainedError" }, kind) });
    void this.refresh();
  }

  /** @param {Kind} kind @param {Device} next */
  _put(kind, next) {
    const before = this[kind].value;
    this[kind].value = next;
    if (kind === "microphone" && before.track !== next.track) this._listen(next.track);
    if (before.track !== next.track) this.onTrack(kind, next.track);
    if (before.on !== next.on) this.onChange({ [kind]: next.on });
  }

  /** @param {MediaStreamTrack|null} track */
  _listen(track) {
    this.meter.value?.close();
    this.meter.value = track ? new LevelMeter(track) : null;
  }
}

/** The devices of this page, the same on the pre-join screen and in the lesson. */
export const media = new LocalMedia(preferences().devices ?? { microphone: null, camera: null, speaker: null });

effect(() => keepPreferences({ devices: media.choice.value }));
