import assert from "node:assert/strict";
import { test } from "node:test";
import { readStats } from "../../../static/js/class/stats.js";

test("statistics name the participant of each slot", () => {
  const slots = { 8: { participant: "t", producer: "t:screen", kind: "video", layer: 1 }, 4: null };
  const report = /** @type {[string, any][]} */ ([
    ["a", { type: "inbound-rtp", kind: "video", mid: "8", frameWidth: 1280, frameHeight: 720, framesDecoded: 7 }],
    ["b", { type: "inbound-rtp", kind: "audio", mid: "4", totalAudioEnergy: 0.5, totalSamplesReceived: 480 }],
    [
      "c",
      { type: "outbound-rtp", kind: "video", mid: "2", rid: "f", bytesSent: 9, frameWidth: 1280, frameHeight: 720 },
    ],
    ["d", { type: "outbound-rtp", kind: "audio", mid: "0", bytesSent: 5, packetsSent: 1 }],
    ["e", { type: "candidate-pair", nominated: true, state: "succeeded", currentRoundTripTime: 0.02 }],
  ]);
  const stats = readStats(report, slots, "connected");
  assert.deepEqual(
    [stats.video[0].participant, stats.video[0].source, stats.video[0].height, stats.video[0].framesDecoded],
    ["t", "screen", 720, 7],
  );
  assert.deepEqual([stats.audio[0].participant, stats.audio[0].totalAudioEnergy], [null, 0.5]);
  assert.deepEqual(
    stats.outbound.map(({ rid, bytesSent }) => [rid, bytesSent]),
    [["f", 9]],
  );
  assert.deepEqual(
    [stats.connection, stats.roundTripTime, stats.path],
    ["connected", 0.02, { port: null, bytesReceived: 0 }],
  );
});

test("after a change of network the statistics are those of the pair in use", () => {
  const old = {
    type: "candidate-pair",
    id: "old",
    nominated: true,
    state: "succeeded",
    localCandidateId: "1",
    currentRoundTripTime: 0.9,
  };
  const now = {
    type: "candidate-pair",
    id: "now",
    nominated: true,
    state: "succeeded",
    localCandidateId: "2",
    currentRoundTripTime: 0.02,
    bytesReceived: 7,
  };
  const local = [
    { type: "local-candidate", id: "1", port: 1001 },
    { type: "local-candidate", id: "2", port: 1002 },
  ];
  const named = [old, now, ...local, { type: "transport", id: "t", selectedCandidatePairId: "now" }];
  const marked = [{ ...old, selected: false }, { ...now, selected: true }, ...local];
  for (const entries of [named, marked]) {
    const report = entries.map((entry) => /** @type {[string, any]} */ ([entry.id, entry]));
    const stats = readStats(report, {}, "connected");
    assert.deepEqual([stats.path, stats.roundTripTime], [{ port: 1002, bytesReceived: 7 }, 0.02]);
  }
});
