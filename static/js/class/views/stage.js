// The stage: one large picture of a shared screen, the pinned person, the teacher or the dominant speaker.

import { html } from "htm/preact";
import { useRef } from "preact/hooks";
import { Avatar } from "../../ui/avatar.js";
import { Icon } from "../../ui/icon.js";
import { toggleFullscreen, togglePin } from "../intents.js";
import { producerId } from "../producer-id.js";
import { hands, participants, pinned, speakers, stage, stageSpace } from "../store.js";
import { useMeasured } from "./measure.js";
import { RemoteVideo } from "./players.js";
import { describe, TileMarks } from "./tile.js";

/** @param {{label: string, icon: string, run: () => unknown}} props */
function Action({ label, icon, run }) {
  return html`<button type="button" class="icon-button" aria-label=${label} data-tooltip=${label} onClick=${run}>
    <${Icon} name=${icon} />
  </button>`;
}

/** @param {{shown: import("../layout.js").Shown, player: {current: HTMLVideoElement|null}}} props */
function Actions({ shown, player }) {
  const producer = producerId(shown.participant, shown.source);
  const held = pinned.value === producer;
  const float = () => player.current?.requestPictureInPicture?.().catch(() => {});
  return html`<div class="stage-actions">
    <${Action} label=${held ? "Unpin" : "Pin"} icon=${held ? "pin-off" : "pin"} run=${() => togglePin(producer)} />
    ${
      document.pictureInPictureEnabled &&
      html`<${Action} label="Picture in picture" icon="picture-in-picture-2" run=${float} />`
    }
    ${document.fullscreenEnabled && html`<${Action} label="Full screen (F)" icon="maximize" run=${toggleFullscreen} />`}
  </div>`;
}

export function Stage() {
  const frame = useRef(/** @type {HTMLDivElement|null} */ (null));
  const player = useRef(/** @type {HTMLVideoElement|null} */ (null));
  useMeasured(frame, stageSpace);
  const shown = stage.value;
  const person = shown && participants.value[shown.participant];
  return html`<section class="stage" data-testid="stage" data-empty=${!person} aria-label="Stage">
    <div class="stage-frame" ref=${frame}>
      ${
        person &&
        html`<${OnStage} key=${producerId(person.id, shown.source)} shown=${shown} person=${person} player=${player} />`
      }
    </div>
  </section>`;
}

/**
 * @param {{shown: import("../layout.js").Shown, person: import("../types.js").Participant,
 *   player: {current: HTMLVideoElement|null}}} props
 */
function OnStage({ shown, person, player }) {
  const sharing = shown.source === "screen";
  const hand = hands.value.indexOf(person.id) + 1;
  const speaking = person.microphone && speakers.value.includes(person.id);
  const label = sharing ? `${person.name}'s screen` : describe(person, hand, speaking);
  return html`<div class="on-stage" role="group" tabindex="-1" data-source=${shown.source} data-speaking=${speaking}
      aria-label=${label}>
    ${!sharing && html`<${Avatar} name=${person.name} />`}
    ${
      (sharing || person.camera) &&
      html`<${RemoteVideo} participant=${person.id} source=${shown.source} label=${label}
          hold=${(/** @type {any} */ video) => (player.current = video)} />`
    }
    ${
      sharing
        ? html`<div class="tile-name"><${Icon} name="monitor-up" /><span>${person.name} is presenting</span></div>`
        : html`<${TileMarks} person=${person} hand=${hand} />`
    }
    <${Actions} shown=${shown} player=${player} />
  </div>`;
}
