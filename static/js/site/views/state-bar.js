// Where a class stands, and the steps from there: publish, start, end, cancel.

import { html } from "htm/preact";
import { everyOf, get, post } from "../../shared/api.js";
import { ask } from "../../ui/dialog.js";
import { Icon } from "../../ui/icon.js";
import { money } from "../money.js";
import { isLive } from "../offer.js";
import { say } from "../page-state.js";
import { useSending } from "./hooks.js";
import { Join } from "./join.js";
import { Button, Notice } from "./parts.js";

/** @typedef {import("../api-types.js").Class} Class */

/** @type {Record<string, {kind: any, icon: string, text: string}>} */
const WORDS = {
  draft: { kind: "info", icon: "pencil", text: "A draft: only you see it. Publish it when all is right." },
  scheduled: { kind: "success", icon: "check", text: "Published: everyone sees it and can enrol." },
  live: { kind: "success", icon: "video", text: "Live now." },
  ended: { kind: "info", icon: "check", text: "This class has ended; it cannot be changed any more." },
  cancelled: { kind: "warning", icon: "x", text: "This class is cancelled; whoever paid gets all of it back." },
};

/**
 * Tells how many will be refunded before anybody is.
 * @param {Class} class_ @param {import("../api-types.js").Enrolled[]} people @param {() => unknown} run
 */
function askToCancel(class_, people, run) {
  const paid = people.filter(({ kind }) => kind === "paid").length;
  const persons = (/** @type {number} */ count) => (count === 1 ? "One person" : `${count} people`);
  const sum = `, about ${money(paid * class_.price, class_.currency)} at today's price`;
  const refund =
    paid === 0
      ? "Nobody has paid, so nothing is refunded."
      : `${persons(paid)} paid and will be refunded in full${paid > 1 || class_.price ? sum : ""}.`;
  const others = people.length - paid;
  const told = others ? ` ${persons(others)} enrolled without paying will be told.` : "";
  ask({
    title: "Cancel this class?",
    text: `${refund}${told} This cannot be undone.`,
    confirm: paid ? `Cancel and refund ${paid}` : "Cancel class",
    keep: "Keep class",
    run,
  });
}

/** @param {{class_: Class, changed: (class_: Class) => void}} props */
export function StateBar({ class_, changed }) {
  const { busy, error, run } = useSending();
  const { id, state } = class_;
  const words = WORDS[isLive(class_) ? "live" : state];
  const step = (/** @type {string} */ name, /** @type {string} */ done) => () =>
    run(async () => {
      await post(`/api/classes/${id}/${name}`);
      changed(await get(`/api/classes/${id}`));
      say(done);
    });
  const cancel = () =>
    run(async () => {
      askToCancel(class_, await everyOf(`/api/classes/${id}/people`), step("cancel", "The class is cancelled."));
    });
  const end = () =>
    ask({
      title: "End this class?",
      text: "No more lessons take place, and nobody can enrol any more. Nobody is refunded.",
      confirm: "End class",
      keep: "Keep class",
      run: step("end", "The class has ended."),
    });
  const open = state === "scheduled" || state === "live";
  return html`<div class="state-bar" data-testid="state-bar" data-state=${state}>
    <${Notice} kind=${words.kind} icon=${words.icon}>${words.text}<//>
    ${error && html`<${Notice} kind="danger" testid="state-error">${error.message}<//>`}
    <div class="row row-wrap">
      ${
        state === "draft" &&
        html`<${Button} class="button-primary" busy=${busy}
            onClick=${step("publish", "Published. Everyone sees it now.")} data-testid="publish">Publish<//>`
      }
      ${open && html`<${Join} class_=${class_} />`}
      <a class="button" href=${`/classes/${id}`}><${Icon} name="eye" />View page</a>
      ${open && html`<${Button} busy=${busy} onClick=${end}>End class<//>`}
      ${
        (open || state === "draft") &&
        html`<${Button} class="button-warn" busy=${busy} onClick=${cancel} data-testid="cancel-class">Cancel class<//>`
      }
    </div>
  </div>`;
}
