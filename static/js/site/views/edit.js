// The teacher's page of one class: its state and the steps from there, and tabs for form, people, coupons, assistants.

import { html } from "htm/preact";
import { getAll, get, post } from "../../shared/api.js";
import { ask } from "../../ui/dialog.js";
import { Icon } from "../../ui/icon.js";
import { emptyFields, fieldsOf } from "../form-fields.js";
import { money } from "../money.js";
import { isLive } from "../offer.js";
import { say } from "../page-state.js";
import { ownZone } from "../times.js";
import { Join } from "./card.js";
import { ClassForm } from "./class-form.js";
import { Assistants, Enrolled } from "./class-people.js";
import { Coupons } from "./coupons.js";
import { ForRoles } from "./guard.js";
import { useAsked, useSending, useTab, useTitle } from "./hooks.js";
import { Button, Empty, Loaded, Notice, PageHead, Tabs } from "./parts.js";

/** @typedef {import("../api-types.js").Class} Class */

/** @type {[string, string][]} */
const TABS = [
  ["class", "Class"],
  ["people", "People"],
  ["coupons", "Coupons"],
  ["assistants", "Assistants"],
];

/** @type {Record<string, {kind: any, icon: string, text: string}>} */
const WORDS = {
  draft: { kind: "info", icon: "pencil", text: "This is a draft: only you see it. Publish it when it is ready." },
  scheduled: { kind: "success", icon: "check", text: "This class is published: everyone sees it and can enrol." },
  live: { kind: "success", icon: "video", text: "A lesson is live now." },
  ended: { kind: "info", icon: "check", text: "This class has ended and can no longer be changed." },
  cancelled: {
    kind: "warning",
    icon: "x",
    text: "This class is cancelled. Everyone who paid gets the whole amount back.",
  },
};

/**
 * Asks before cancelling, and says how many people will be refunded.
 * @param {Class} class_ @param {import("../api-types.js").Enrolment[]} people @param {() => unknown} run
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
  const told = others ? ` ${persons(others)} enrolled without paying and will be told.` : "";
  ask({
    title: "Cancel this class?",
    text: `${refund}${told} This cannot be undone.`,
    confirm: paid ? `Cancel and refund ${paid}` : "Cancel class",
    keep: "Keep class",
    run,
  });
}

/** @param {{class_: Class, changed: (class_: Class) => void}} props */
function StateBar({ class_, changed }) {
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
      askToCancel(class_, await getAll(`/api/classes/${id}/people`), step("cancel", "The class is cancelled."));
    });
  const end = () =>
    ask({
      title: "End this class?",
      text: "No more lessons will take place, and nobody can enrol. Nobody is refunded.",
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
        html`<${Button} class="button-primary" busy=${busy} onClick=${step("publish", "The class is published.")}
            data-testid="publish">Publish<//>`
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

function New() {
  useTitle("New class");
  return html`
    <${PageHead} title="New class" lead="Only you see it until you publish it." />
    <${ClassForm} start=${emptyFields(ownZone())} />
  `;
}

/** @param {{class_: Class, asked: any}} props */
function Existing({ class_, asked }) {
  useTitle(class_.title);
  const tab = useTab(TABS.map(([name]) => name));
  const changed = () => asked.load({ quiet: true });
  return html`
    <a class="back" href="/teach">‹ Your classes</a>
    <${PageHead} title=${class_.title} />
    <${StateBar} class_=${class_} changed=${asked.set} />
    <${Tabs} label="The class" tabs=${TABS} current=${tab} />
    ${
      tab === "class" &&
      html`<${ClassForm} key=${class_.id} start=${fieldsOf(class_)} class_=${class_} changed=${asked.set} />`
    }
    ${tab === "people" && html`<${Enrolled} class_=${class_} />`}
    ${tab === "coupons" && html`<${Coupons} class_=${class_} />`}
    ${tab === "assistants" && html`<${Assistants} class_=${class_} changed=${changed} />`}
  `;
}

/** @param {any} error */
function failed(error) {
  if (error.status !== 404 && error.status !== 403) return null;
  return html`<${Empty} icon="search" title="You have no such class">
    <a class="button button-primary" href="/teach">Your classes</a>
  <//>`;
}

/** @param {{id: string}} props */
function Edit({ id }) {
  const asked = useAsked(/** @returns {Promise<Class>} */ () => get(`/api/classes/${encodeURIComponent(id)}`), [id]);
  return html`<${Loaded} of=${asked} failed=${failed}>
    ${(/** @type {Class} */ class_) => html`<${Existing} class_=${class_} asked=${asked} />`}
  <//>`;
}

/** @param {{id: string}} props */
export function Page({ id }) {
  useTitle("Class");
  return html`<${ForRoles} roles=${["teacher", "admin"]}>
    ${id === "new" ? html`<${New} />` : html`<${Edit} id=${id} />`}
  <//>`;
}
