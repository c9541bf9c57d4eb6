// Reads an RTCStatsReport into the plain numbers the page and its tests use. Pure: a report in, a record out.

import { producerParts } from "./producer-id.js";

/** @typedef {import("./types.js").Slot} Slot */

/** @param {Iterable<[string, any]>} report @param {Record<string, Slot|null>} slots @param {string} connection */
export function readStats(report, slots, connection) {
  const entries = [...report].map(([, entry]) => entry);
  const inbound = entries.filter((entry) => entry.type === "inbound-rtp" && entry.mid !== undefined);
  const outbound = entries.filter((entry) => entry.type === "outbound-rtp");
  const pair = pairInUse(entries);
  return {
    video: inbound.filter((entry) => entry.kind === "video").map((entry) => videoIn(entry, slots[entry.mid])),
    audio: inbound.filter((entry) => entry.kind === "audio").map((entry) => audioIn(entry, slots[entry.mid])),
    outbound: outbound.filter((entry) => entry.kind === "video").map(videoOut),
    outboundAudio: outbound
      .filter((entry) => entry.kind === "audio")
      .map(({ mid, bytesSent, packetsSent }) => ({ mid, bytesSent, packetsSent })),
    connection,
    roundTripTime: pair?.currentRoundTripTime ?? null,
    path: pair
      ? {
          port: entries.find(({ id }) => id !== undefined && id === pair.localCandidateId)?.port ?? null,
          bytesReceived: pair.bytesReceived ?? 0,
        }
      : null,
  };
}

/** Chromium names the pair in its transport, Firefox marks it. @param {any[]} entries */
function pairInUse(entries) {
  const chosen = entries.find((entry) => entry.type === "transport")?.selectedCandidatePairId;
  const pairs = entries.filter((entry) => entry.type === "candidate-pair");
  return (
    pairs.find((pair) => pair.selected || (chosen && pair.id === chosen)) ??
    pairs.find((pair) => pair.nominated && pair.state === "succeeded")
  );
}

/** @param {Slot|null|undefined} slot */
function shownIn(slot) {
  return {
    participant: slot?.participant ?? null,
    source: slot ? producerParts(slot.producer).source : null,
  };
}

/** @param {any} entry @param {Slot|null|undefined} slot */
function videoIn(entry, slot) {
  const {
    mid,
    frameWidth = 0,
    frameHeight = 0,
    framesDecoded = 0,
    bytesReceived = 0,
    packetsLost = 0,
    freezeCount = 0,
  } = entry;
  const { nackCount = 0, pliCount = 0, keyFramesDecoded = 0, framesPerSecond = 0 } = entry;
  const counts = {
    framesDecoded,
    keyFramesDecoded,
    framesPerSecond,
    bytesReceived,
    packetsLost,
    freezeCount,
    nackCount,
    pliCount,
  };
  return { mid, ...shownIn(slot), width: frameWidth, height: frameHeight, ...counts };
}

/** @param {any} entry @param {Slot|null|undefined} slot */
function audioIn(entry, slot) {
  const {
    mid,
    totalAudioEnergy = 0,
    totalSamplesReceived = 0,
    bytesReceived = 0,
    packetsLost = 0,
    audioLevel = 0,
  } = entry;
  return { mid, ...shownIn(slot), totalAudioEnergy, totalSamplesReceived, audioLevel, bytesReceived, packetsLost };
}

/** @param {any} entry */
function videoOut(entry) {
  const { mid, rid = null, frameWidth = 0, frameHeight = 0, framesPerSecond = 0, bytesSent = 0, active = true } = entry;
  const { qualityLimitationReason = "none", framesEncoded = 0 } = entry;
  return {
    mid,
    rid,
    width: frameWidth,
    height: frameHeight,
    framesPerSecond,
    framesEncoded,
    bytesSent,
    active,
    qualityLimitationReason,
  };
}
