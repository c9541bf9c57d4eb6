// A tile of the gallery: picture or initials, name, microphone, raised hand, speaking ring, connection.

import { html } from "htm/preact";
import { Avatar } from "../../ui/avatar.js";
import { Icon } from "../../ui/icon.js";
import { MenuButton, openMenu } from "../../ui/menu.js";
import { media } from "../media.js";
import { hands, participants, self, speakers } from "../store.js";
import { personItems } from "./people.js";
import { LocalVideo, RemoteVideo } from "./players.js";

/** @typedef {import("../types.js").Participant} Participant */

/** @param {Participant} person @param {number} hand @param {boolean} speaking */
export function describe(person, hand, speaking) {
  const marks = [
    person.microphone ? (speaking ? "speaking" : "microphone on") : "microphone off",
    hand ? `hand raised, number ${hand}` : "",
    person.connection === "lost" ? "reconnecting" : person.connection === "poor" ? "poor connection" : "",
  ];
  return [person.name, ...marks.filter(Boolean)].join(", ");
}

/** @param {{person: Participant, hand: number, own?: boolean}} props */
export function TileMarks({ person, hand, own = false }) {
  return html`
    <div class="tile-name">
      ${!person.microphone && html`<${Icon} name="mic-off" class="mark-off" />`}
      <span>${own ? "You" : person.name}</span>
    </div>
    ${hand > 0 && html`<div class="tile-hand"><${Icon} name="hand" />${hand}</div>`}
    ${
      person.connection !== "connected" &&
      html`<div class="tile-link" data-kind=${person.connection}>
        <${Icon} name=${person.connection === "lost" ? "wifi-off" : "wifi-low"} />
        <span>${person.connection === "lost" ? "Reconnecting" : "Poor connection"}</span>
      </div>`
    }
  `;
}

/** @param {{id: string, first: boolean}} props */
export function Tile({ id, first }) {
  const person = participants.value[id];
  if (!person) return null;
  const hand = hands.value.indexOf(id) + 1;
  const speaking = person.microphone && speakers.value.includes(id);
  const items = personItems(person);
  const keys = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || event.target !== event.currentTarget || items.length === 0) return;
    event.preventDefault(); // else the same key press would choose the menu's first item
    openMenu(/** @type {HTMLElement} */ (event.currentTarget), person.name, items);
  };
  return html`<li class="tile" data-testid=${`tile-${id}`} data-speaking=${speaking}
      data-lost=${person.connection === "lost"} tabindex=${first ? 0 : -1}
      aria-label=${describe(person, hand, speaking)} onKeyDown=${keys}>
    <${Avatar} name=${person.name} />
    ${person.camera && html`<${RemoteVideo} participant=${id} source="camera" label=${`${person.name}'s camera`} />`}
    <${TileMarks} person=${person} hand=${hand} />
    ${
      items.length > 0 &&
      html`<${MenuButton} class="tile-menu" label=${`Options for ${person.name}`} icon="ellipsis-vertical"
          tabindex=${-1} items=${() => items} />`
    }
  </li>`;
}

/** The own picture: always the last tile, mirrored. */
export function SelfTile() {
  const own = self.value;
  const person = own && participants.value[own.id];
  if (!person || !own.can.publish) return null;
  const { on, track } = media.camera.value;
  const microphone = media.microphone.value.on;
  const hand = hands.value.indexOf(own.id) + 1;
  const speaking = microphone && speakers.value.includes(own.id);
  return html`<li class="tile tile-self" data-testid="self-view" data-speaking=${speaking} tabindex="-1"
      aria-label=${`You: ${describe({ ...person, microphone }, hand, speaking)}`}>
    <${Avatar} name=${own.name} />
    ${on && track && html`<${LocalVideo} track=${track} label="Your camera" mirrored=${true} />`}
    <${TileMarks} person=${{ ...person, microphone }} hand=${hand} own=${true} />
  </li>`;
}
