// Chat messages as the panel shows them: grouped by person, time and day. Pure.

/**
 * @typedef {{day: string|null, from: string, name: string, role: string, to: string, at: number,
 *   messages: import("./types.js").ChatMessage[]}} ChatGroup
 */

/**
 * Messages of one person within five minutes share a heading; a new day has its own line.
 * @param {import("./types.js").ChatMessage[]} messages @returns {ChatGroup[]}
 */
export function chatGroups(messages) {
  /** @type {ChatGroup[]} */
  const groups = [];
  let day = "";
  for (const message of messages) {
    const today = new Date(message.at).toDateString();
    const last = groups.at(-1);
    const follows = last && day === today && last.from === message.from && last.to === message.to;
    if (follows && message.at - last.messages[last.messages.length - 1].at < 300_000) {
      last.messages.push(message);
      continue;
    }
    const { from, name, role, to, at } = message;
    groups.push({ day: today === day ? null : today, from, name, role, to, at, messages: [message] });
    day = today;
  }
  return groups;
}
