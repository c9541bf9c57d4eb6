// Small changes to our own offer that the API has no words for. Pure: text in, text out.

/**
 * Asks for stereo in the audio sections we receive on (RFC 7587 section 6.1: `stereo=1` says what the receiver prefers).
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
  return section.replace(line, (whole, head, list) => (/(^|;)\s*stereo=/.test(list) ? whole : `${head}${list};stereo=1`));
}
