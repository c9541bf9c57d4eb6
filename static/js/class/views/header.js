// The header: title, time, live dot, connection quality, and what staff can do to the lesson: lock it, start it.

import { useComputed, useSignal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect } from "preact/hooks";
import { duration } from "../../shared/text.js";
import { Icon } from "../../ui/icon.js";
import { moderate, startClass } from "../intents.js";
import { clockOffset, locked, quality, self, started, startedAt, title } from "../store.js";
import { toggleTheme } from "../theme.js";

function Clock() {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const text = useComputed(() => duration(now.value + clockOffset.value - (startedAt.value ?? now.value)));
  return html`<span class="live">
    <span class="live-dot" aria-hidden="true"></span>
    <span class="live-word">Live</span> <time class="figures">${text.value}</time>
  </span>`;
}

const WORDS = { good: "Good connection", fair: "Fair connection", poor: "Poor connection" };

function Quality() {
  const { uplink, downlink, reason } = quality.value;
  const order = /** @type {const} */ (["good", "fair", "poor"]);
  const grade =
    order[Math.max(order.indexOf(/** @type {any} */ (uplink)), order.indexOf(/** @type {any} */ (downlink)))] ?? "good";
  const label = reason ? `${WORDS[grade]}: ${reason}` : WORDS[grade];
  return html`<span class="quality" data-grade=${grade} role="img" aria-label=${label} data-tooltip=${label}>
    <i></i>
    <i></i>
    <i></i>
  </span>`;
}

function Lock() {
  if (!self.value?.can.moderate)
    return locked.value ? html`<span class="chip"><${Icon} name="lock" />Locked</span>` : null;
  const label = locked.value ? "Unlock the lesson: people can join" : "Lock the lesson: nobody else can join";
  return html`<button type="button" class="icon-button" aria-pressed=${locked.value} aria-label=${label}
      data-tooltip=${label} data-testid="button-lock" onClick=${() => moderate(locked.value ? "unlock" : "lock")}>
    <${Icon} name=${locked.value ? "lock" : "lock-open"} />
  </button>`;
}

export function Header() {
  return html`<header class="class-header">
    <span class="brand" aria-hidden="true"><${Icon} name="graduation-cap" /></span>
    <h1 class="class-title">${title.value}</h1>
    ${started.value && html`<${Clock} />`}
    <span class="spacer"></span>
    <${Quality} />
    <${Lock} />
    <button type="button" class="icon-button theme-toggle" aria-label="Dark or light" data-tooltip="Dark or light"
        onClick=${toggleTheme}>
      <${Icon} name="sun" class="when-dark" />
      <${Icon} name="moon" class="when-light" />
    </button>
    ${
      !started.value &&
      self.value?.can.moderate &&
      html`<button type="button" class="button button-primary" data-testid="button-start" onClick=${startClass}>
        <${Icon} name="play" />
        Start lesson
      </button>`
    }
  </header>`;
}
