// The teacher's classes: coming up, drafts and past ones, each with its buttons to join and to edit.

import { html } from "htm/preact";
import { get } from "../../shared/api.js";
import { Icon } from "../../ui/icon.js";
import { price } from "../money.js";
import { inOrder } from "../offer.js";
import { Join, NextDate } from "./card.js";
import { ForRoles } from "./guard.js";
import { usePolled, useTitle } from "./hooks.js";
import { Empty, Loaded, PageHead } from "./parts.js";
import { Picture } from "./picture.js";

/** @typedef {import("../api-types.js").Class} Class */

const POLL_MS = 10_000;

/** @type {[string, (one: Class) => boolean][]} */
const GROUPS = [
  ["Coming up", ({ state, nextAt }) => state === "live" || (state === "scheduled" && nextAt !== null)],
  ["Drafts", ({ state }) => state === "draft"],
  [
    "Past",
    ({ state, nextAt }) => state === "ended" || state === "cancelled" || (state === "scheduled" && nextAt === null),
  ],
];

/** "12 of 20 seats taken" @param {Class} class_ */
function takenText({ seats, seatsLeft, state }) {
  if (state === "draft") return "Only you see it";
  if (seats === null || seatsLeft === null) return "No seat limit";
  return `${seats - seatsLeft} of ${seats} seats taken`;
}

/** @param {{class_: Class}} props */
function Taught({ class_ }) {
  const { id, title, imageUrl, state, teacher } = class_;
  const open = state === "live" || state === "scheduled";
  return html`<li class="class-row" data-testid="taught-class">
    <${Picture} title=${title} url=${imageUrl} />
    <div class="class-row-text">
      <h2><a href=${`/teach/${id}`}>${title}</a></h2>
      <p class="quiet small figures">
        ${price(class_.price, class_.currency)} · ${takenText(class_)}
        ${!class_.my?.isTeacher && ` · ${teacher.name}`}
      </p>
      <p class="class-row-when">
        ${state === "draft" ? html`<span class="chip chip-plain">Draft</span>` : html`<${NextDate} class_=${class_} />`}
      </p>
    </div>
    <div class="class-row-actions">
      ${open && html`<${Join} class_=${class_} />`}
      <a class="button class-row-edit" href=${`/teach/${id}`} aria-label=${`Edit ${title}`}>
        <${Icon} name="pencil" />
        Edit
      </a>
    </div>
  </li>`;
}

/** @param {{items: Class[]}} props */
function Lists({ items }) {
  if (items.length === 0)
    return html`<${Empty} icon="video" title="You have no classes yet">
      <p>A class has a title, a time and a price. Only you see it until you publish it.</p>
      <a class="button button-primary" href="/teach/new"><${Icon} name="plus" />Create your first class</a>
    <//>`;
  return html`
    ${GROUPS.map(([title, belongs]) => {
      const some = inOrder(items.filter(belongs));
      return (
        some.length > 0 &&
        html`<section key=${title} aria-label=${title}>
          <h2 class="group-title">${title} <span class="quiet figures">${some.length}</span></h2>
          <ul class="class-list">${some.map((one) => html`<${Taught} key=${one.id} class_=${one} />`)}</ul>
        </section>`
      );
    })}
  `;
}

function Classes() {
  const asked = usePolled(
    /** @returns {Promise<import("../api-types.js").ListOf<Class>>} */ () => get("/api/classes?mine=1&limit=100"),
    POLL_MS,
  );
  return html`<${Loaded} of=${asked}>
    ${(/** @type {import("../api-types.js").ListOf<Class>} */ { items }) => html`<${Lists} items=${items} />`}
  <//>`;
}

export function Page() {
  useTitle("Teach");
  return html`<${ForRoles} roles=${["teacher", "admin"]}>
    <${PageHead} title="Your classes">
      <a class="button button-primary" href="/teach/new" data-testid="new-class"><${Icon} name="plus" />New class</a>
    <//>
    <${Classes} />
  <//>`;
}
