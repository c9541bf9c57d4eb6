// The toolbar: microphone, camera, screen, hand, reactions, people, chat, more, leave.

import { html } from "htm/preact";
import { ask } from "../../ui/dialog.js";
import { Icon } from "../../ui/icon.js";
import { MenuButton } from "../../ui/menu.js";
import { canShareScreen } from "../devices.js";
import * as intents from "../intents.js";
import { media } from "../media.js";
import { hands, panel, self, total, unread } from "../store.js";
import { toggleTheme } from "../theme.js";
import { deviceItems, deviceMark } from "./device-controls.js";
import { REACTIONS } from "./reactions.js";

/**
 * @param {{icon: string, text: string, label: string, hint?: string, run: () => unknown, testid: string,
 *   pressed?: boolean, off?: boolean, warm?: boolean, count?: number, class?: string, trouble?: boolean}} props
 */
function Tool({ icon, text, label, hint, run, testid, pressed, off, warm, count = 0, class: more = "", trouble }) {
  return html`<button type="button" class=${`tool ${more}`} data-testid=${testid} aria-label=${label}
      aria-pressed=${pressed} data-off=${off} data-warm=${warm} data-tooltip=${hint ? `${label} (${hint})` : label}
      onClick=${run}>
    <${Icon} name=${icon} />
    <span class="tool-label">${text}</span>
    ${count > 0 && html`<span class="badge">${count > 99 ? "99+" : count}</span>`}
    ${trouble && html`<span class="badge badge-warm">!</span>`}
  </button>`;
}

/** @param {{kind: "microphone"|"camera"}} props */
function DeviceTool({ kind }) {
  const { on, trouble } = media[kind].value;
  const camera = kind === "camera";
  const { icon, label } = deviceMark(kind);
  return html`<div class="tool-pair">
    <${Tool} icon=${icon} text=${camera ? "Camera" : "Mic"} label=${label} hint=${camera ? "V" : "M"} pressed=${on}
        off=${!on} trouble=${Boolean(trouble)} testid=${`button-${kind}`} run=${() => intents.toggleDevice(kind)} />
    <${MenuButton} class="tool-caret" icon="chevron-up"
        label=${camera ? "Choose a camera" : "Choose microphone and speaker"}
        items=${() => deviceItems(camera ? ["camera"] : ["microphone", "speaker"])} />
  </div>`;
}

function ScreenTool() {
  const { on } = media.screen.value;
  if (!self.value?.can.screen || !canShareScreen()) return null;
  return html`<${Tool} icon=${on ? "monitor-x" : "monitor-up"} text=${on ? "Stop" : "Share"}
      label=${on ? "Stop sharing your screen" : "Share your screen"} hint="S" pressed=${on} testid="button-screen"
      class="wide-only" run=${intents.toggleScreen} />`;
}

function HandTool() {
  const place = hands.value.indexOf(self.value?.id ?? "") + 1;
  return html`<${Tool} icon="hand" text="Hand" label=${place ? `Lower your hand, number ${place}` : "Raise your hand"}
      hint="H" pressed=${place > 0} warm=${place > 0} testid="button-hand" run=${intents.toggleHand} />`;
}

const reactionItems = () =>
  Object.entries(REACTIONS).map(([kind, { symbol, label }]) => ({ label, symbol, run: () => intents.react(kind) }));

/** @returns {import("../../ui/menu.js").MenuItem[]} what the bar has no room for */
function moreItems() {
  const screen = self.value?.can.screen && canShareScreen();
  const on = media.screen.value.on;
  const narrow = matchMedia("(max-width: 719px)").matches;
  /** @type {(import("../../ui/menu.js").MenuItem|false|undefined)[]} */
  const items = [
    narrow &&
      screen && { label: on ? "Stop sharing" : "Share your screen", icon: "monitor-up", run: intents.toggleScreen },
    narrow && { label: `People (${total.value})`, icon: "users", run: () => intents.togglePanel("people") },
    document.fullscreenEnabled && { label: "Full screen", icon: "maximize", hint: "F", run: intents.toggleFullscreen },
    { label: "Dark or light", icon: "sun", run: toggleTheme },
    self.value?.can.moderate && { label: "End the lesson for everyone", icon: "square", danger: true, run: askToEnd },
    narrow && { label: "React", heading: true },
    ...(narrow ? reactionItems() : []),
  ];
  return items.filter((item) => item !== false && item !== undefined);
}

function askToEnd() {
  ask({
    title: "End the lesson?",
    text: "Everyone leaves it. To leave without ending it, press Leave instead.",
    confirm: "End lesson",
    run: intents.endClass,
  });
}

export function Toolbar() {
  const { publish = false } = self.value?.can ?? {};
  return html`<footer class="toolbar" role="group" aria-label="Lesson controls">
    <div class="toolbar-group">
      ${publish && html`<${DeviceTool} kind="microphone" /><${DeviceTool} kind="camera" />`}
      <${ScreenTool} />
      <${HandTool} />
      <${MenuButton} class="tool wide-only" icon="smile-plus" text="React" label="React" testid="button-reaction"
          items=${reactionItems} />
      <${MenuButton} class="tool" icon="ellipsis" text="More" label="More" testid="button-more" items=${moreItems} />
      <button type="button" class="tool tool-leave" data-testid="button-leave" aria-label="Leave the lesson"
          data-tooltip="Leave the lesson" onClick=${intents.leave}>
        <${Icon} name="phone-off" />
        <span class="tool-label">Leave</span>
      </button>
    </div>
    <div class="toolbar-group toolbar-end">
      <${Tool} icon="users" text="People" label=${`People, ${total.value}`} hint="P" count=${total.value}
          pressed=${panel.value === "people"} class="wide-only count-quiet" testid="button-people"
          run=${() => intents.togglePanel("people")} />
      <${Tool} icon="message-square" text="Chat" label=${unread.value ? `Chat, ${unread.value} unread` : "Chat"}
          hint="C" count=${unread.value} pressed=${panel.value === "chat"} testid="button-chat"
          run=${() => intents.togglePanel("chat")} />
    </div>
  </footer>`;
}
