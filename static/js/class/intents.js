// What a person can do, as functions that views call. The session, the devices and the state meet only here.

import { io } from "socket.io-client";
import { wakeAudio } from "./devices.js";
import { claimsOf } from "./join-token.js";
import { media } from "./media.js";
import { classMemory } from "./memory.js";
import { Session } from "./session.js";
import { initialState } from "./state.js";
import * as store from "./store.js";

/** @type {Session|null} */
export let session = null;

const { dispatch } = store;
/** After a reload, joining waits for the devices no longer than this; they follow when they are open. */
const DEVICES_WAIT_MS = 2500;

export let classId = "";
let token = "";
/** Whether the token comes from the account that is signed in, not from a link. */
export let fromAccount = false;
/** Why there is no token. @type {{code: string, message: string}|null} */
export let refusal = null;

/** The claims of the join token: a hint for the page, the server decides. */
export function claims() {
  return claimsOf(token);
}

/** Whether the person will be allowed to send picture and sound. */
export function mayPublish() {
  const { role, grants } = claims();
  return grants?.publish ?? (role !== "parent" && role !== "observer");
}

/**
 * Opens the page: on the pre-join screen, or straight in the class again after a reload.
 * @param {string} id @param {import("./join-token.js").JoinToken} given
 */
export function open(id, given) {
  classId = id;
  ({ token, fromAccount, refusal } = given);
  store.state.value = initialState(classId);
  const kept = classMemory(classId).read();
  const wanted = { microphone: kept.microphone ?? true, camera: kept.camera ?? true };
  if (!token) return;
  const opened = mayPublish() ? media.begin(wanted) : Promise.resolve();
  if (!kept.inClass || !kept.resume) return;
  dispatch("phase", "returning");
  void Promise.race([opened, new Promise((resolve) => setTimeout(resolve, DEVICES_WAIT_MS))]).then(join);
}

export function join() {
  wakeAudio();
  const factory = /** @type {import("./protocol.js").SocketFactory} */ (/** @type {unknown} */ (io));
  session = new Session({ classId, token, memory: classMemory(classId), media, factory });
  session.enter();
}

export async function leave() {
  await session?.leave();
}

/** Leads from the last screen back to the first. */
export function rejoin() {
  if (fromAccount) return location.reload();
  store.videoMids.value = [];
  open(classId, { token, fromAccount, refusal });
}

/** @param {"microphone"|"camera"} kind */
export async function toggleDevice(kind) {
  wakeAudio();
  await media.set(kind, !media[kind].value.on);
}

/** @param {"microphone"|"camera"} kind */
export function retryDevice(kind) {
  return media.open(kind);
}

/** @param {"microphone"|"camera"|"speaker"} kind @param {string} id */
export function chooseDevice(kind, id) {
  return media.choose(kind, id);
}

export async function toggleScreen() {
  if (media.screen.value.on) return media.stopScreen();
  await media.startScreen();
}

export function toggleHand() {
  const raised = store.hands.value.includes(store.self.value?.id ?? "");
  return session?.attempt(session.protocol.hand(!raised));
}

/** @param {string} kind */
export function react(kind) {
  return session?.attempt(session.protocol.reaction(kind));
}

/** @param {string} text @param {string} to @returns {Promise<boolean>} whether it was sent */
export async function sendChat(text, to) {
  return (await session?.attempt(session.protocol.chat(text, to))) ?? false;
}

/** @param {string} action @param {string} [participant] */
export function moderate(action, participant) {
  return session?.attempt(session.protocol.moderate(action, participant));
}

export function startClass() {
  return session?.attempt(session.protocol.startClass(classId));
}

export function endClass() {
  return session?.attempt(session.protocol.endClass(classId));
}

/** @param {"chat"|"people"|null} name opens that panel, or closes it when it is open */
export function togglePanel(name) {
  dispatch("panel", name);
}

/** @param {string} producer pins it to the stage, or lets it go when it is pinned */
export function togglePin(producer) {
  dispatch("pin", producer);
}

/** @param {number} page */
export function goToPage(page) {
  dispatch("page", page);
}

/** Tries to reconnect at once instead of waiting. */
export function reconnectNow() {
  session?.protocol.reconnectNow();
}

/** Plays the sound that the browser refused to play without a gesture. */
export async function unblockSound() {
  wakeAudio();
  const players = [...document.querySelectorAll("audio")].map((element) => element.play());
  const results = await Promise.allSettled(players);
  dispatch(
    "sound-blocked",
    results.some((result) => result.status === "rejected"),
  );
}

export async function toggleFullscreen() {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen?.().catch(() => {});
}
