import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { classAddress } from "../../static/js/links.js";
import { preferStereo, withStartBitrate } from "../../static/js/sdp.js";
import { readStats } from "../../static/js/stats.js";
import { chatGroups, claimsOf, colourIndex, duration, initials, linkParts } from "../../static/js/text.js";
import { ICONS, spriteOf } from "../../tools/icons.js";

const root = new URL("../../", import.meta.url);
const offer = readFileSync(new URL("tests/data/chromium-156-class-offer.sdp", root), "utf8");

/** @param {string} sdp @returns {string[]} */
const sections = (sdp) => sdp.split(/^(?=m=)/m).slice(1);

test("stereo is asked for in the receiving audio sections only", () => {
  const audio = sections(preferStereo(offer)).filter((section) => section.startsWith("m=audio"));
  assert.ok(audio.length > 2);
  for (const section of audio) {
    const receiving = /^a=recvonly/m.test(section);
    assert.equal(/^a=fmtp:111 .*;stereo=1\r?$/m.test(section), receiving);
  }
});

test("asking for stereo changes nothing else, and twice is once", () => {
  const once = preferStereo(offer);
  assert.equal(once.replaceAll(";stereo=1", ""), offer);
  assert.equal(preferStereo(once), once);
});

test("an audio section without format parameters gets a line of its own", () => {
  const bare = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 109\r\na=recvonly\r\na=rtpmap:109 opus/48000/2\r\na=mid:4\r\n";
  assert.match(preferStereo(bare), /a=rtpmap:109 opus\/48000\/2\r\na=fmtp:109 stereo=1\r\na=mid:4\r\n$/);
});

test("a section without opus stays as it is", () => {
  const other = "m=audio 9 UDP/TLS/RTP/SAVPF 8\r\na=recvonly\r\na=rtpmap:8 PCMA/8000\r\n";
  assert.equal(preferStereo(other), other);
});

const VIDEO = "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:2\r\na=recvonly\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n";

test("the answer says what the uplink may begin with, in the sections we send video on", () => {
  const answer = `v=0\r\nm=audio 9 X 111\r\na=recvonly\r\na=rtpmap:111 opus/48000/2\r\n${VIDEO}${VIDEO.replace("recvonly", "sendonly")}`;
  const told = withStartBitrate(answer, 1200);
  assert.equal(told.split("x-google-start-bitrate=1200").length, 2);
  assert.equal(told.replace("a=fmtp:96 x-google-start-bitrate=1200\r\n", ""), answer);
  assert.ok(told.includes("a=rtpmap:96 VP8/90000\r\na=fmtp:96 x-google-start-bitrate=1200\r\na=rtpmap:97"));
});

test("the start is added to parameters that are there, and nowhere without a codec", () => {
  const h264 = "m=video 9 X 102\r\na=recvonly\r\na=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1\r\n";
  assert.match(withStartBitrate(h264, 900), /^a=fmtp:102 packetization-mode=1;x-google-start-bitrate=900\r$/m);
  const none = "m=video 0 X 0\r\na=recvonly\r\n";
  assert.equal(withStartBitrate(none, 900), none);
});

test("initials are at most two and never empty", () => {
  assert.deepEqual(["Asha Verma", "asha", "Ana María de la Cruz", "  ", "", "élan ß", "李 明"].map(initials), ["AV", "A", "AC", "?", "?", "ÉSS", "李明"]);
});

test("colours are stable and spread", () => {
  const seen = new Set(Array.from({ length: 200 }, (_, index) => colourIndex(`p${index}`)));
  assert.equal(colourIndex("p1"), colourIndex("p1"));
  assert.equal(seen.size, 12);
});

test("only http and https become links", () => {
  const hrefs = (/** @type {string} */ text) => linkParts(text).flatMap((part) => part.href ?? []);
  assert.deepEqual(hrefs("see https://example.org/a?b=1, and (http://example.com)."), ["https://example.org/a?b=1", "http://example.com/"]);
  for (const text of ["javascript:alert(1)", "data:text/html,x", "ftp://a/b", "www.example.org", "https://", "https://user:pw@example.org/"]) assert.deepEqual(hrefs(text), [], text);
});

test("a message's parts are the whole message", () => {
  for (const text of ["", "plain", "https://a.example/x", "a https://a.example. b <b>c</b>", "https://a.example/)"]) {
    assert.equal(linkParts(text).map((part) => part.text).join(""), text);
  }
});

test("durations read like a clock", () => {
  assert.deepEqual([-5, 0, 9_999, 303_000, 3_729_000].map(duration), ["0:00", "0:00", "0:09", "5:03", "1:02:09"]);
});

/** @param {string} id @param {string} from @param {number} at @returns {any} */
const message = (id, from, at, to = "all") => ({ id, from, name: from, role: "student", text: id, at, to });

test("messages of one person within five minutes share a heading", () => {
  const noon = new Date(2026, 4, 4, 12).getTime();
  const groups = chatGroups([message("1", "a", noon), message("2", "a", noon + 60_000), message("3", "b", noon + 61_000), message("4", "b", noon + 400_000), message("5", "b", noon + 401_000, "teachers")]);
  assert.deepEqual(groups.map((group) => group.messages.map((one) => one.id)), [["1", "2"], ["3"], ["4"], ["5"]]);
  assert.deepEqual(groups.map((group) => Boolean(group.day)), [true, false, false, false]);
});

test("a new day begins a new group with its date", () => {
  const late = new Date(2026, 4, 4, 23, 59).getTime();
  const groups = chatGroups([message("1", "a", late), message("2", "a", late + 120_000)]);
  assert.deepEqual(groups.map((group) => Boolean(group.day)), [true, true]);
});

test("the token's claims are read as text in any script, and nonsense is no claim", () => {
  const body = Buffer.from(JSON.stringify({ name: "आशा", role: "teacher" })).toString("base64url");
  assert.deepEqual(claimsOf(`x.${body}.y`), { name: "आशा", role: "teacher" });
  for (const odd of ["", "abc", "a.%%%.c", "a.bm90anNvbg.c"]) assert.deepEqual(claimsOf(odd), {});
});

test("a pasted link opens its class here, anything else does not", () => {
  const here = "https://class.example";
  assert.equal(classAddress(" https://other.example/class/demo?t=a.b.c&x=1 ", here), "/class/demo?t=a.b.c");
  assert.equal(classAddress("/class/demo/?t=a+b", here), "/class/demo?t=a%20b");
  for (const odd of ["", "demo", "/class/demo", "/class/?t=x", "/class/a b?t=x", "javascript:alert(1)", "https://x/klass/demo?t=1", "http://["]) {
    assert.equal(classAddress(odd, here), null, odd);
  }
});

test("statistics name who is in each slot", () => {
  const slots = { 8: { participant: "t", producer: "t:screen", kind: "video", layer: 1 }, 4: null };
  const report = /** @type {[string, any][]} */ ([
    ["a", { type: "inbound-rtp", kind: "video", mid: "8", frameWidth: 1280, frameHeight: 720, framesDecoded: 7 }],
    ["b", { type: "inbound-rtp", kind: "audio", mid: "4", totalAudioEnergy: 0.5, totalSamplesReceived: 480 }],
    ["c", { type: "outbound-rtp", kind: "video", mid: "2", rid: "f", bytesSent: 9, frameWidth: 1280, frameHeight: 720 }],
    ["d", { type: "outbound-rtp", kind: "audio", mid: "0", bytesSent: 5, packetsSent: 1 }],
    ["e", { type: "candidate-pair", nominated: true, state: "succeeded", currentRoundTripTime: 0.02 }],
  ]);
  const stats = readStats(report, slots, "connected");
  assert.deepEqual([stats.video[0].participant, stats.video[0].source, stats.video[0].height, stats.video[0].framesDecoded], ["t", "screen", 720, 7]);
  assert.deepEqual([stats.audio[0].participant, stats.audio[0].totalAudioEnergy], [null, 0.5]);
  assert.deepEqual(stats.outbound.map(({ rid, bytesSent }) => [rid, bytesSent]), [["f", 9]]);
  assert.deepEqual([stats.connection, stats.roundTripTime, stats.path], ["connected", 0.02, { port: null, bytesReceived: 0 }]);
});

test("after a change of network statistics are of the pair in use", () => {
  const old = { type: "candidate-pair", id: "old", nominated: true, state: "succeeded", localCandidateId: "1", currentRoundTripTime: 0.9 };
  const now = { type: "candidate-pair", id: "now", nominated: true, state: "succeeded", localCandidateId: "2", currentRoundTripTime: 0.02, bytesReceived: 7 };
  const local = [{ type: "local-candidate", id: "1", port: 1001 }, { type: "local-candidate", id: "2", port: 1002 }];
  const named = [old, now, ...local, { type: "transport", id: "t", selectedCandidatePairId: "now" }];
  const marked = [{ ...old, selected: false }, { ...now, selected: true }, ...local];
  for (const entries of [named, marked]) {
    const report = entries.map((entry) => /** @type {[string, any]} */ ([entry.id, entry]));
    const stats = readStats(report, {}, "connected");
    assert.deepEqual([stats.path, stats.roundTripTime], [{ port: 1002, bytesReceived: 7 }, 0.02]);
  }
});

test("the icon sprite is built from the list, and every icon that is used is in it", () => {
  assert.equal(readFileSync(new URL("static/icons.svg", root), "utf8"), spriteOf());
  assert.deepEqual([...ICONS].sort(), [...new Set(ICONS)].sort());
});
