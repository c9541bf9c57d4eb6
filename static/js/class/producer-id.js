// The id of a producer: its participant and its source, as "p-1:camera". Pure.

/** @param {string} participant @param {string} source */
export function producerId(participant, source) {
  return `${participant}:${source}`;
}

/** The participant and the source of a producer. @param {string} producer */
export function producerParts(producer) {
  const cut = producer.lastIndexOf(":");
  return { participant: producer.slice(0, cut), source: producer.slice(cut + 1) };
}
