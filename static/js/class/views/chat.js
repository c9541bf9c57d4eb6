// The chat: messages grouped by person and day, safe links, and a pill when new messages lie below what is shown.

import { useSignal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";
import { linkParts } from "../../shared/text.js";
import { Avatar } from "../../ui/avatar.js";
import { Icon } from "../../ui/icon.js";
import { chatGroups } from "../chat-groups.js";
import { sendChat } from "../intents.js";
import { isStaff } from "../state.js";
import { chat, link, self } from "../store.js";

const time = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const NEAR_END = 48;

/** @param {{text: string}} props */
function Text({ text }) {
  return html`<p class="chat-text">
    ${linkParts(text).map((part) =>
      part.href
        ? html`<a href=${part.href} target="_blank" rel="noopener noreferrer nofollow">${part.text}</a>`
        : part.text,
    )}
  </p>`;
}

/** @param {{group: import("../chat-groups.js").ChatGroup}} props */
function Group({ group }) {
  const own = group.from === self.value?.id;
  const audience = group.to === "teachers" ? "to teachers" : group.to === "all" ? "" : "only to you";
  return html`
    ${group.day && group.day !== new Date().toDateString() && html`<li class="chat-day">${day.format(group.at)}</li>`}
    <li class="chat-group" data-own=${own}>
      <${Avatar} name=${group.name} size="small" />
      <div class="chat-body">
        <div class="chat-head">
          <strong>${own ? "You" : group.name}</strong>
          ${isStaff(group.role) && html`<span class="chip">${group.role}</span>`}
          ${audience && html`<span class="quiet">${audience}</span>`}
          <time class="quiet figures" datetime=${new Date(group.at).toISOString()}>${time.format(group.at)}</time>
        </div>
        ${group.messages.map((message) => html`<${Text} key=${message.id} text=${message.text} />`)}
      </div>
    </li>
  `;
}

export function Chat() {
  const list = useRef(/** @type {HTMLUListElement|null} */ (null));
  const below = useSignal(false);
  const atEnd = useRef(true);
  const messages = chat.value;
  const toEnd = () => list.current?.scrollTo({ top: list.current.scrollHeight });
  useEffect(() => {
    const own = messages.at(-1)?.from === self.value?.id;
    if (atEnd.current || own) toEnd();
    else below.value = true;
  }, [messages]);
  const scrolled = () => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = list.current ?? {};
    atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (atEnd.current) below.value = false;
  };
  return html`<div class="chat">
    <ul class="chat-list" ref=${list} data-testid="chat-list" tabindex="0" aria-label="Messages" onScroll=${scrolled}>
      ${
        messages.length === 0 &&
        html`<li class="empty">
          <${Icon} name="message-square" />
          <p>No messages yet.<br />Everyone in the class can read what you write here.</p>
        </li>`
      }
      ${chatGroups(messages).map((group) => html`<${Group} key=${group.messages[0].id} group=${group} />`)}
    </ul>
    ${
      below.value &&
      html`<button type="button" class="pill" onClick=${toEnd}><${Icon} name="arrow-down" />New messages</button>`
    }
    ${
      self.value?.can.chat
        ? html`<${Compose} />`
        : html`<p class="chat-closed quiet">You can read the chat. Students and teachers can write.</p>`
    }
  </div>`;
}

function Compose() {
  const draft = useSignal("");
  const to = useSignal("all");
  const sending = useSignal(false);
  const field = useRef(/** @type {HTMLTextAreaElement|null} */ (null));
  const send = async () => {
    const text = draft.value.trim();
    if (!text || sending.value) return;
    sending.value = true;
    if (await sendChat(text, to.value)) draft.value = "";
    sending.value = false;
    field.current?.focus();
  };
  const keys = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void send();
  };
  const offline = link.value !== "connected";
  return html`<form class="compose" onSubmit=${(/** @type {Event} */ event) => (event.preventDefault(), send())}>
    ${
      !isStaff(self.value?.role) &&
      html`<label class="compose-to quiet">
        To<select value=${to.value} onChange=${(/** @type {any} */ event) => (to.value = event.target.value)}>
          <option value="all">everyone</option>
          <option value="teachers">teachers only</option>
        </select>
      </label>`
    }
    <div class="compose-row">
      <textarea ref=${field} class="field" data-testid="chat-input" rows="1" maxlength="2000" aria-label="Message"
          placeholder="Write a message" value=${draft.value}
          onInput=${(/** @type {any} */ event) => (draft.value = event.target.value)} onKeyDown=${keys}></textarea>
      <button type="submit" class="send" data-testid="chat-send" aria-label="Send"
          disabled=${!draft.value.trim() || sending.value || offline}><${Icon} name="send" /></button>
    </div>
  </form>`;
}
