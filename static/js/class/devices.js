// Cameras, microphones and screens: opening and listing them, errors as sentences, the level of a voice, a soft tone.

/** @typedef {import("./types.js").Trouble} Trouble */
/** @typedef {"microphone"|"camera"|"screen"} DeviceKind */

/** @type {Record<DeviceKind, string>} */
const NOUN = { microphone: "microphone", camera: "camera", screen: "screen" };

/**
 * Turns an error of getUserMedia or getDisplayMedia into a sentence that says what to do.
 * @param {any} error @param {DeviceKind} kind @returns {Trouble}
 */
export function troubleFrom(error, kind) {
  const noun = NOUN[kind];
  const bySystem = /system/i.test(error?.message ?? "");
  /** @type {Record<string, [string, string, string, boolean]>} */
  const known = {
    NotAllowedError: bySystem
      ? [
          "blocked-by-system",
          `Your computer blocks the ${noun}`,
          `Allow this browser to use the ${noun} in the system's privacy settings, then press Retry.`,
          true,
        ]
      : ["blocked", `Your ${noun} is blocked`, `Allow it in the address bar, then press Retry.`, true],
    NotFoundError: ["missing", `No ${noun} found`, `Plug one in and press Retry, or continue without one.`, true],
    NotReadableError: [
      "busy",
      `Your ${noun} is in use`,
      `Another program may be using it. Close that program, then press Retry.`,
      true,
    ],
    AbortError: ["busy", `Your ${noun} did not start`, `Unplug it and plug it in again, then press Retry.`, true],
    OverconstrainedError: ["missing", `That ${noun} was disconnected`, `Choose another one.`, true],
    SecurityError: ["insecure", `The ${noun} needs a secure page`, `Open this class with an https:// address.`, false],
    TypeError: [
      "insecure",
      `This page cannot use the ${noun}`,
      `Open this class with an https:// address, in a current browser.`,
      false,
    ],
  };
  const [code, title, advice, retry] = known[error?.name] ?? [
    "unknown",
    `Your ${noun} did not start`,
    "Press Retry, or choose another device.",
    true,
  ];
  return { code, title, advice, retry };
}

/** @param {string|null} deviceId @returns {MediaTrackConstraints} */
function audioConstraints(deviceId) {
  return {
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    ...(deviceId && { deviceId: { exact: deviceId } }),
  };
}

/** @param {string|null} deviceId @returns {MediaTrackConstraints} */
function videoConstraints(deviceId) {
  return {
    width: { ideal: 1280 },
    height: { ideal: 720 },
    frameRate: { ideal: 30, max: 30 },
    ...(deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" }),
  };
}

/**
 * Opens a microphone or camera; when the remembered device is gone, the default one.
 * @param {"microphone"|"camera"} kind @param {string|null} deviceId @returns {Promise<MediaStreamTrack>}
 */
export async function openDevice(kind, deviceId) {
  const constraints = (/** @type {string|null} */ id) =>
    kind === "microphone" ? { audio: audioConstraints(id) } : { video: videoConstraints(id) };
  try {
    return await firstTrack(constraints(deviceId));
  } catch (error) {
    const gone = deviceId && ["OverconstrainedError", "NotFoundError"].includes(/** @type {Error} */ (error).name);
    if (!gone) throw error;
    return await firstTrack(constraints(null));
  }
}

/** @param {MediaStreamConstraints} constraints */
async function firstTrack(constraints) {
  const stream = await navigator.mediaDevices.getUserMedia(constraints);
  return stream.getTracks()[0];
}

export function canShareScreen() {
  return typeof navigator.mediaDevices?.getDisplayMedia === "function";
}

/** @returns {Promise<{video: MediaStreamTrack, audio: MediaStreamTrack|null}>} */
export async function openScreen() {
  const options = /** @type {DisplayMediaStreamOptions} */ ({
    video: { width: { max: 1920 }, height: { max: 1080 }, frameRate: { ideal: 15, max: 30 } },
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    systemAudio: "include",
    selfBrowserSurface: "exclude",
    surfaceSwitching: "include",
  });
  const stream = await navigator.mediaDevices.getDisplayMedia(options);
  const [video] = stream.getVideoTracks();
  const audio = stream.getAudioTracks()[0] ?? null;
  video.contentHint = "detail";
  if (audio) audio.contentHint = "music";
  return { video, audio };
}

/** @returns {Promise<Record<"microphone"|"camera"|"speaker", {id: string, label: string}[]>>} */
export async function listDevices() {
  const found = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  const of = (/** @type {string} */ kind, /** @type {string} */ word) =>
    found
      .filter((device) => device.kind === kind && device.deviceId)
      .map((device, index) => ({ id: device.deviceId, label: device.label || `${word} ${index + 1}` }));
  return {
    microphone: of("audioinput", "Microphone"),
    camera: of("videoinput", "Camera"),
    speaker: of("audiooutput", "Speaker"),
  };
}

/** @type {AudioContext|null} */
let context = null;

function audioContext() {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
  return context;
}

/** Measures how loud a track is, from 0 to 1, on a scale that suits a voice. */
export class LevelMeter {
  /** @param {MediaStreamTrack} track measured as a copy, so that a muted track still has a level */
  constructor(track) {
    this._track = track.clone();
    this._track.enabled = true;
    const audio = audioContext();
    this._analyser = audio.createAnalyser();
    this._analyser.fftSize = 1024;
    this._source = audio.createMediaStreamSource(new MediaStream([this._track]));
    this._source.connect(this._analyser);
    this._samples = new Float32Array(this._analyser.fftSize);
  }

  level() {
    this._analyser.getFloatTimeDomainData(this._samples);
    let sum = 0;
    for (const sample of this._samples) sum += sample * sample;
    const decibels = 10 * Math.log10(sum / this._samples.length + 1e-9);
    return Math.min(1, Math.max(0, (decibels + 60) / 50));
  }

  close() {
    this._source.disconnect();
    this._track.stop();
  }
}

/** Resumes the meter's audio on a gesture: browsers keep it suspended until the person touches the page. */
export function wakeAudio() {
  if (context?.state === "suspended") void context.resume();
}

/** Plays one soft tone: a hand is raised, the lesson starts. @param {number} [pitch] */
export function softTone(pitch = 660) {
  const audio = audioContext();
  const [tone, gain] = [audio.createOscillator(), audio.createGain()];
  tone.frequency.value = pitch;
  gain.gain.setValueAtTime(0.0001, audio.currentTime);
  gain.gain.exponentialRampToValueAtTime(0.06, audio.currentTime + 0.03);
  gain.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.45);
  tone.connect(gain).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.5);
}
