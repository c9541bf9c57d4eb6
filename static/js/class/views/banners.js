// The banners above the stage: reconnecting, sound blocked, sharing.

import { html } from "htm/preact";
import { Icon } from "../../ui/icon.js";
import { reconnectNow, toggleScreen, unblockSound } from "../intents.js";
import { media } from "../media.js";
import { connection, draining, link, retry, soundBlocked, started } from "../store.js";

/**
 * @param {{icon?: string, text: string, kind?: string, action?: string|false, run?: () => unknown, testid?: string}}
 *   props
 */
function Banner({ icon, text, kind = "info", action, run, testid }) {
  return html`<div class="banner" data-kind=${kind} data-testid=${testid} role="status">
    ${icon ? html`<${Icon} name=${icon} />` : html`<span class="spinner" aria-hidden="true"></span>`}
    <span>${text}</span>
    ${action && html`<button type="button" class="button button-small" onClick=${run}>${action}</button>`}
  </div>`;
}

/** @returns {string|null} */
function mediaTrouble() {
  if (!started.value) return null;
  if (connection.value === "disconnected" || connection.value === "failed")
    return "Picture and sound are interrupted. Reconnecting them…";
  return connection.value === "connected" ? null : "Connecting picture and sound…";
}

export function Banners() {
  const reconnecting = link.value !== "connected";
  const trouble = mediaTrouble();
  const slow = (retry.value?.attempt ?? 0) > 2;
  return html`<div class="banners">
    ${
      reconnecting &&
      html`<${Banner} kind="warning" testid="status-reconnecting"
          text=${draining.value ? "The server is restarting. Reconnecting…" : "Reconnecting…"}
          action=${slow && "Try now"} run=${reconnectNow} />`
    }
    ${!reconnecting && trouble && html`<${Banner} kind="warning" testid="status-media" text=${trouble} />`}
    ${
      soundBlocked.value &&
      html`<${Banner} icon="volume-2" testid="status-sound" text="Your browser blocks the sound."
          action="Turn on the sound" run=${unblockSound} />`
    }
    ${
      media.screen.value.on &&
      html`<${Banner} icon="monitor-up" kind="accent" text="You are sharing your screen" action="Stop sharing"
          run=${toggleScreen} />`
    }
  </div>`;
}
