// The types that several modules of the class share. Nothing here runs.

/** @typedef {"teacher"|"assistant"|"student"|"parent"|"admin"|"observer"} Role */
/** @typedef {"microphone"|"camera"|"screen"|"screen-audio"} Source */
/** @typedef {"camera"|"screen"} VideoSource */

/**
 * @typedef {object} Participant
 * @property {string} id
 * @property {string} name
 * @property {Role} role
 * @property {boolean} microphone  on, as the person chose
 * @property {boolean} camera
 * @property {boolean} screen
 * @property {"connected"|"poor"|"lost"} connection  lost: away, back soon or gone
 * @property {number} order        place in the order of joining
 */

/**
 * @typedef {object} Self
 * @property {string} id
 * @property {string} name
 * @property {Role} role
 * @property {Record<string, boolean>} can  what the token and the class allow: publish screen chat moderate
 */

/** @typedef {{participant: string, producer: string, kind: string, layer: number}} Slot */
/** @typedef {{mid: string, want: "pinned"|"speaker"|"page"|"off", producer?: string, maxHeight?: number}} SlotWant */
/**
 * @typedef {{id: string, from: string, name: string, role: string, text: string, at: number, to: string}} ChatMessage
 */
/** @typedef {{audio: number, video: number}} SlotCounts */
/** @typedef {{id: number, kind: "info"|"warning"|"danger"|"hand", text: string}} Toast */
/** @typedef {{id: number, from: string, name: string, kind: string}} Reaction */
/** @typedef {"idle"|"connecting"|"connected"|"reconnecting"|"closed"} LinkState */
/** @typedef {"prejoin"|"joining"|"returning"|"class"|"over"} Phase */
/** @typedef {{kind: "left"|"ended"|"removed"|"replaced"|"flooding"|"refused", text?: string, at: number}} Over */
/** @typedef {{microphone: string|null, camera: string|null, speaker: string|null}} DeviceChoice */
/** @typedef {{code: string, title: string, advice: string, retry: boolean}} Trouble */

export {};
