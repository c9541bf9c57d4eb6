// The class: stage and gallery, the panel, the bar.

import { html } from "htm/preact";
import { stage } from "../arrangement.js";
import { isStaff } from "../state.js";
import { panel, self, started } from "../store.js";
import { Banners } from "./banners.js";
import { Gallery } from "./gallery.js";
import { Header } from "./header.js";
import { useIdle } from "./idle.js";
import { Panel } from "./panel.js";
import { Reactions } from "./reactions.js";
import { Stage } from "./stage.js";
import { Toolbar } from "./toolbar.js";
import { Waiting } from "./waiting.js";

export function ClassPage() {
  const idle = useIdle();
  const waiting = !started.value && !isStaff(self.value?.role);
  return html`<div class="class" data-testid="class" data-panel=${panel.value ?? "none"}
      data-stage=${Boolean(stage.value) || waiting} data-idle=${idle.value}>
    <${Header} />
    <div class="class-body">
      <main class="class-main">
        <${Banners} />
        ${waiting ? html`<${Waiting} />` : html`<${Stage} />`}
        <${Reactions} />
        <${Gallery} />
      </main>
      <${Panel} />
    </div>
    <${Toolbar} />
  </div>`;
}
