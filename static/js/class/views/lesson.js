// The lesson: header, stage, gallery, panel and toolbar; before it starts, a waiting screen instead of the stage.

import { useSignal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect } from "preact/hooks";
import { Icon } from "../../ui/icon.js";
import { isStaff } from "../state.js";
import { panel, self, stage, started, title, total } from "../store.js";
import { Banners } from "./banners.js";
import { Gallery } from "./gallery.js";
import { Header } from "./header.js";
import { Panel } from "./panel.js";
import { Reactions } from "./reactions.js";
import { Stage } from "./stage.js";
import { Toolbar } from "./toolbar.js";

const IDLE_MS = 4000;

/** True when the page is full screen and nothing has moved for four seconds: then the bar hides. */
function useIdle() {
  const idle = useSignal(false);
  useEffect(() => {
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    let timer;
    const stir = () => {
      clearTimeout(timer);
      idle.value = false;
      if (document.fullscreenElement) timer = setTimeout(() => (idle.value = true), IDLE_MS);
    };
    const events = ["pointermove", "pointerdown", "keydown", "focusin", "fullscreenchange"];
    for (const event of events) addEventListener(event, stir, { passive: true });
    return () => {
      clearTimeout(timer);
      for (const event of events) removeEventListener(event, stir);
    };
  }, []);
  return idle;
}

/** The place of the stage until the teacher starts the lesson. */
function Waiting() {
  const others = total.value - 1;
  const presence =
    others <= 0
      ? "You are the first one here."
      : others === 1
        ? "One other person is here."
        : `${others} others are here.`;
  return html`<section class="waiting" data-testid="waiting" aria-label="Waiting for the lesson">
    <div class="waiting-mark"><${Icon} name="clock" /></div>
    <h2>${title.value || "The lesson"} has not begun yet</h2>
    <p>The lesson starts when the teacher is here. This page then changes by itself.</p>
    <p class="quiet">${presence} You can write in the chat.</p>
  </section>`;
}

export function Lesson() {
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
