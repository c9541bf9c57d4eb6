// The list of people: search, raised hands first, roles, and the menu of each person: pin, and moderation for staff.

import { useSignal } from "@preact/signals";
import { html } from "htm/preact";
import { Avatar } from "../../ui/avatar.js";
import { ask } from "../../ui/dialog.js";
import { Icon } from "../../ui/icon.js";
import { MenuButton } from "../../ui/menu.js";
import { moderate, togglePin } from "../intents.js";
import { producerId } from "../producer-id.js";
import { isStaff, peopleInOrder } from "../state.js";
import { hands, pinned, self, state, total } from "../store.js";

/** @typedef {import("../types.js").Participant} Participant */

/** @param {Participant} person @returns {import("../../ui/menu.js").MenuItem[]} */
export function personItems(person) {
  const producer = producerId(person.id, "camera");
  const held = pinned.value === producer;
  const pin = {
    label: held ? "Unpin" : "Pin to the stage",
    icon: held ? "pin-off" : "pin",
    run: () => togglePin(producer),
  };
  const own = self.value?.id === person.id;
  if (!self.value?.can.moderate) return own ? [] : [pin];
  return own ? moderationItems(person).slice(0, -1) : [pin, ...moderationItems(person)];
}

/** @param {Participant} person @returns {import("../../ui/menu.js").MenuItem[]} */
function moderationItems(person) {
  const remove = () =>
    ask({
      title: `Remove ${person.name}?`,
      text: isStaff(person.role)
        ? "They teach this class. They cannot come back until the lesson ends."
        : "They cannot come back until the lesson ends.",
      confirm: "Remove",
      run: () => moderate("remove", person.id),
    });
  const items = [
    person.microphone && { label: "Mute", icon: "mic-off", run: () => moderate("mute", person.id) },
    person.camera && { label: "Turn camera off", icon: "video-off", run: () => moderate("stop-camera", person.id) },
    hands.value.includes(person.id) && {
      label: "Lower hand",
      icon: "hand",
      run: () => moderate("lower-hand", person.id),
    },
    { label: "Remove from the lesson", icon: "user-x", danger: true, run: remove },
  ];
  return items.filter((item) => item !== false);
}

/** @param {{person: Participant}} props */
function Person({ person }) {
  const hand = hands.value.indexOf(person.id) + 1;
  const items = personItems(person);
  const own = self.value?.id === person.id;
  return html`<li class="person" data-lost=${person.connection === "lost"}>
    <${Avatar} name=${person.name} size="small" />
    <div class="person-name">
      <span>${person.name}${own && html` <span class="quiet">(you)</span>`}</span>
      ${person.role !== "student" && html`<span class="chip">${person.role}</span>`}
      ${person.connection === "lost" && html`<span class="quiet">reconnecting</span>`}
    </div>
    ${
      hand > 0 &&
      html`<span class="hand-mark" role="img" aria-label=${`Hand raised, number ${hand}`}>
        <${Icon} name="hand" />
        ${hand}
      </span>`
    }
    ${
      person.screen &&
      html`<span role="img" aria-label="Shares the screen"><${Icon} name="monitor-up" class="mark-on" /></span>`
    }
    <span role="img" aria-label=${person.microphone ? "Microphone on" : "Microphone off"}>
      <${Icon} name=${person.microphone ? "mic" : "mic-off"} class=${person.microphone ? "" : "mark-quiet"} />
    </span>
    <span role="img" aria-label=${person.camera ? "Camera on" : "Camera off"}>
      <${Icon} name=${person.camera ? "video" : "video-off"} class=${person.camera ? "" : "mark-quiet"} />
    </span>
    ${
      items.length > 0
        ? html`<${MenuButton} label=${`Options for ${person.name}`} icon="ellipsis-vertical" items=${() => items} />`
        : html`<span class="icon-room"></span>`
    }
  </li>`;
}

export function People() {
  const search = useSignal("");
  const needle = search.value.trim().toLocaleLowerCase();
  const people = peopleInOrder(state.value);
  const found = people.filter((person) => person.name.toLocaleLowerCase().includes(needle));
  const unseen = total.value - people.length;
  const teaching = people.filter((person) => isStaff(person.role)).length;
  return html`<div class="people">
    <label class="search">
      <${Icon} name="search" />
      <span class="visually-hidden">Search people</span>
      <input class="field" type="search" placeholder="Search" value=${search.value}
          onInput=${(/** @type {any} */ event) => (search.value = event.target.value)} />
    </label>
    <p class="quiet people-totals">
      <span class="figures">
        ${total.value}
      </span> here · <span class="figures">
        ${teaching}
      </span> teaching · <span class="figures">
        ${hands.value.length}
      </span> raised ${hands.value.length === 1 ? "hand" : "hands"}
    </p>
    <ul class="people-list" data-testid="people-list">
      ${found.map((person) => html`<${Person} key=${person.id} person=${person} />`)}
      ${
        found.length === 0 &&
        html`<li class="empty"><p>No person with that name${unseen > 0 ? " on this page of the list" : ""}.</p></li>`
      }
    </ul>
    ${unseen > 0 && html`<p class="quiet people-totals">and ${unseen} more</p>`}
  </div>`;
}
