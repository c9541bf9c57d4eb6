// Small changes to our own offer that the API has no words for. Pure: text in, text out.

/**
 * Asks for stereo in the audio sections we receive on (RFC 7587 section 6.1: `stereo=1` says what the receiver
 * prefers).
 * @param {string} sdp
 */
export function preferStereo(sdp) {
  return sdp
    .split(/^(?=m=)/m)
    .map((section) => (isReceivingAudio(section) ? withStereo(section) : section))
    .join("");
}

/** @param {string} section */
function isReceivingAudio(section) {
  return section.startsWith("m=audio") && /^a=(recvonly|sendrecv)$/m.test(section);
}

/** @param {string} section */
function withStereo(section) {
  const opus = section.match(/^a=rtpmap:(\d+) opus\/48000\/2$/im);
  if (!opus) return section;
  const line = new RegExp(`^(a=fmtp:${opus[1]} )([^\\r\\n]*)`, "m");
  if (!line.test(section)) return section.replace(opus[0], `${opus[0]}\r\na=fmtp:${opus[1]} stereo=1`);
  return section.replace(line, (whole, head, list) =>
    /(^|;)\s*stereo=/.test(list) ? whole : `${head}${list};stereo=1`,
  );
}

/**
 * Tells Chromium what the uplink may carry to begin with (its own guess of 300 kb/s keeps the top layer back for
 * seconds); its estimator goes on from there, down as quickly as up. Other browsers ignore the parameter.
 * @param {string} sdp the server's answer @param {number} kilobits
 */
export function withStartBitrate(sdp, kilobits) {
  return sdp
    .split(/^(?=m=)/m)
    .map((section) => (isSentVideo(section) ? startingAt(section, kilobits) : section))
    .join("");
}

/** @param {string} section */
function isSentVideo(section) {
  return section.startsWith("m=video") && /^a=recvonly$/m.test(section);
}

/** @param {string} section @param {number} kilobits */
function startingAt(section, kilobits) {
  const codec = section.match(/^a=rtpmap:(\d+) (?:VP8|H264)\/90000$/im);
  if (!codec) return section;
  const line = new RegExp(`^(a=fmtp:${codec[1]} [^\\r\\n]*)`, "m");
  const parameter = `x-google-start-bitrate=${kilobits}`;
  if (line.test(section)) return section.replace(line, `$1;${parameter}`);
  return section.replace(codec[0], `${codec[0]}\r\na=fmtp:${codec[1]} ${parameter}`);
}
