// The pre-join screen: preview, level meter, devices and name. It works without any device.

import { html } from "htm/preact";
import { Avatar } from "../../ui/avatar.js";
import { Icon } from "../../ui/icon.js";
import * as intents from "../intents.js";
import { media } from "../media.js";
import { joinError, phase, retry } from "../store.js";
import { deviceInUse, deviceMark, Meter } from "./device-controls.js";
import { NoEntry } from "./no-entry.js";
import { LocalVideo } from "./players.js";

/** @param {{kind: "microphone"|"camera"}} props */
function Switch({ kind }) {
  const { on, busy } = media[kind].value;
  const { icon, label } = deviceMark(kind);
  return html`<button type="button" class="round" data-off=${!on} aria-pressed=${on} disabled=${busy}
      data-testid=${`prejoin-${kind}`} aria-label=${label} onClick=${() => intents.toggleDevice(kind)}>
    <${Icon} name=${icon} />
  </button>`;
}

function Preview() {
  const { on, track, busy } = media.camera.value;
  const { name = "?" } = intents.claims();
  return html`<div class="preview" data-testid="preview">
    <${Avatar} name=${name} />
    ${on && track && html`<${LocalVideo} track=${track} label="Preview of your camera" mirrored=${true} />`}
    ${!on && html`<p class="preview-note">${busy ? "Starting your camera…" : "Your camera is off"}</p>`}
    <div class="preview-tools"><${Switch} kind="microphone" /><${Switch} kind="camera" /></div>
  </div>`;
}

/** @param {{kind: "microphone"|"camera"}} props */
function TroubleNote({ kind }) {
  const { trouble, busy } = media[kind].value;
  if (!trouble) return null;
  return html`<div class="notice" data-kind="warning" data-testid=${`trouble-${kind}`} role="alert">
    <${Icon} name="circle-alert" />
    <div><strong>${trouble.title}.</strong> ${trouble.advice} You can also join without it.</div>
    ${
      trouble.retry &&
      html`<button type="button" class="button button-small" disabled=${busy}
          onClick=${() => intents.retryDevice(kind)}><${Icon} name="rotate-cw" />Retry</button>`
    }
  </div>`;
}

/** @param {{kind: "microphone"|"camera"|"speaker", icon: string, label: string}} props */
function Picker({ kind, icon, label }) {
  const list = media.devices.value[kind];
  const trouble = kind === "speaker" ? null : media[kind].value.trouble;
  if (kind === "speaker" && (list.length === 0 || !("setSinkId" in HTMLMediaElement.prototype))) return null;
  const choose = (/** @type {any} */ event) => intents.chooseDevice(kind, event.target.value);
  return html`<label class="picker">
    <${Icon} name=${icon} />
    <span class="visually-hidden">${label}</span>
    <select class="field" value=${deviceInUse(kind)} disabled=${list.length === 0} onChange=${choose}>
      ${list.length === 0 && html`<option>${trouble?.title ?? `No ${kind} found`}</option>`}
      ${list.map(({ id, label: text }) => html`<option key=${id} value=${id}>${text}</option>`)}
    </select>
    ${kind === "microphone" && html`<${Meter} />`}
  </label>`;
}

function Form() {
  const { name, role } = intents.claims();
  const joining = phase.value === "joining";
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!joining) intents.join();
  };
  return html`<form class="prejoin-form" onSubmit=${submit}>
    <h1>Ready for class?</h1>
    <p class="prejoin-name" data-testid="prejoin-name">
      You join as <strong>${name}</strong>
      ${role && html` <span class="chip">${role}</span>`}
    </p>
    ${
      intents.mayPublish()
        ? html`
          <${Picker} kind="microphone" icon="mic" label="Microphone" />
          <${Picker} kind="speaker" icon="volume-2" label="Speaker" />
          <${Picker} kind="camera" icon="video" label="Camera" />
        `
        : html`<p class="quiet">You can watch and listen in this class.</p>`
    }
    <${JoinError} />
    <button type="submit" class="button button-primary button-large" data-testid="join-button" disabled=${joining}>
      ${joining ? html`<span class="spinner" aria-hidden="true"></span>Joining…` : "Join class"}
    </button>
  </form>`;
}

/** Refusals after which the class's page in the catalogue says what to do. */
const ENROL_CODES = new Set([
  "not_enrolled",
  "refunded",
  "disputed",
  "enrolment_expired",
  "not_yet_open",
  "class_cancelled",
  "class_ended",
]);

function JoinError() {
  if (phase.value === "joining" && retry.value)
    return html`<div class="notice" role="status">
      <span class="spinner" aria-hidden="true"></span>
      <div>The server does not answer yet. Trying again…</div>
    </div>`;
  if (!joinError.value) return null;
  return html`<div class="notice" data-kind="danger" data-testid="join-error" role="alert">
    <${Icon} name="circle-alert" />
    <div>
      ${joinError.value.message}
      ${
        ENROL_CODES.has(joinError.value.code) &&
        html` <a href=${`/classes/${intents.classId}`} data-testid="to-class">To the class</a>`
      }
    </div>
  </div>`;
}

export function Prejoin() {
  const publish = intents.mayPublish();
  if (!intents.claims().class) return html`<${NoEntry} />`;
  return html`<main class="prejoin" data-testid="prejoin" data-publish=${publish}>
    ${
      publish &&
      html`<section class="prejoin-look" aria-label="Your camera and microphone">
        <${Preview} />
        <${TroubleNote} kind="microphone" />
        <${TroubleNote} kind="camera" />
      </section>`
    }
    <${Form} />
  </main>`;
}
