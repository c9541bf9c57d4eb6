// What the page changes in descriptions: stereo in its offer, the first bitrate in the answer.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { preferStereo, withStartBitrate } from "../../../static/js/class/sdp.js";

const root = new URL("../../../", import.meta.url);
const offer = readFileSync(new URL("tests/data/chromium-156-class-offer.sdp", root), "utf8");

/** @param {string} sdp @returns {string[]} */
const sections = (sdp) => sdp.split(/^(?=m=)/m).slice(1);

test("stereo is asked for only in the receiving audio sections", () => {
  const audio = sections(preferStereo(offer)).filter((section) => section.startsWith("m=audio"));
  assert.ok(audio.length > 2);
  for (const section of audio) {
    const receiving = /^a=recvonly/m.test(section);
    assert.equal(/^a=fmtp:111 .*;stereo=1\r?$/m.test(section), receiving);
  }
});

test("asking for stereo changes nothing else, and asking twice changes no more", () => {
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

const AUDIO = "v=0\r\nm=audio 9 X 111\r\na=recvonly\r\na=rtpmap:111 opus/48000/2\r\n";
const VIDEO =
  "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:2\r\na=recvonly\r\n" +
  "a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n";

test("the answer names the first bitrate in the sections that send video", () => {
  const answer = [AUDIO, VIDEO, VIDEO.replace("recvonly", "sendonly")].join("");
  const told = withStartBitrate(answer, 1200);
  assert.equal(told.split("x-google-start-bitrate=1200").length, 2);
  assert.equal(told.replace("a=fmtp:96 x-google-start-bitrate=1200\r\n", ""), answer);
  assert.ok(told.includes("a=rtpmap:96 VP8/90000\r\na=fmtp:96 x-google-start-bitrate=1200\r\na=rtpmap:97"));
});

test("the first bitrate is added to existing parameters, and left out without a codec", () => {
  const h264 = "m=video 9 X 102\r\na=recvonly\r\na=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1\r\n";
  assert.match(withStartBitrate(h264, 900), /^a=fmtp:102 packetization-mode=1;x-google-start-bitrate=900\r$/m);
  const none = "m=video 0 X 0\r\na=recvonly\r\n";
  assert.equal(withStartBitrate(none, 900), none);
});
