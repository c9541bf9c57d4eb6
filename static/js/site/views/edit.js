// A class in its teacher's hands: new, draft or published; its form, people, coupons, assistants, and its end.

import { html } from "htm/preact";
import { get } from "../../shared/api.js";
import { emptyFields, fieldsOf } from "../form-fields.js";
import { ownZone } from "../times.js";
import { Helpers } from "./assistants.js";
import { ClassForm } from "./class-form.js";
import { Coupons } from "./coupons.js";
import { People } from "./enrolled.js";
import { useAsked, useTab, useTitle } from "./hooks.js";
import { Empty, Loaded, PageHead, Tabs } from "./parts.js";
import { StateBar } from "./state-bar.js";
import { For } from "./teach.js";

/** @typedef {import("../api-types.js").Class} Class */

/** @type {[string, string][]} */
const TABS = [
  ["class", "Class"],
  ["people", "People"],
  ["coupons", "Coupons"],
  ["assistants", "Assistants"],
];

function New() {
  useTitle("New class");
  return html`
    <${PageHead} title="New class" lead="Nobody sees it before you publish it." />
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
    ${tab === "people" && html`<${People} class_=${class_} />`}
    ${tab === "coupons" && html`<${Coupons} class_=${class_} />`}
    ${tab === "assistants" && html`<${Helpers} class_=${class_} changed=${changed} />`}
  `;
}

/** @param {any} error */
function failed(error) {
  if (error.status !== 404 && error.status !== 403) return null;
  return html`<${Empty} icon="search" title="There is no such class of yours">
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
  return html`<${For} roles=${["teacher", "admin"]}>
    ${id === "new" ? html`<${New} />` : html`<${Edit} id=${id} />`}
  <//>`;
}
