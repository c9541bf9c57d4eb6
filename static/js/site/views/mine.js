// My classes: the tabs of classes, notices, receipts and account.

import { html } from "htm/preact";
import { get } from "../../shared/api.js";
import { Icon } from "../../ui/icon.js";
import { inOrder, isLive } from "../offer.js";
import { account, isA, now } from "../page-state.js";
import { dateText, foreignTime } from "../times.js";
import { Account } from "./account.js";
import { Join, NextDate } from "./card.js";
import { SignedIn } from "./guard.js";
import { usePolled, useTab, useTitle } from "./hooks.js";
import { Notices } from "./notices.js";
import { Empty, Loaded, PageHead, Tabs } from "./parts.js";
import { Picture } from "./picture.js";
import { Receipts } from "./receipts.js";

/** @typedef {import("../api-types.js").Class} Class */

const POLL_MS = 4000;
/** @type {[string, string][]} */
const TABS = [
  ["classes", "Classes"],
  ["notices", "Notices"],
  ["receipts", "Receipts"],
  ["account", "Account"],
];

/** @param {{class_: Class}} props */
function Mine({ class_ }) {
  const { id, title, teacher, imageUrl, nextAt, schedule, student, my } = class_;
  const foreign = nextAt && !isLive(class_) ? foreignTime(nextAt, schedule.zone) : null;
  return html`<li class="class-row" data-testid="my-class" data-live=${isLive(class_)}>
    <${Picture} title=${title} url=${imageUrl} />
    <div class="class-row-text">
      ${student && html`<p class="class-row-student"><${Icon} name="user" />${student.name}</p>`}
      <h2><a href=${`/classes/${id}`}>${title}</a></h2>
      <p class="quiet small">${my?.isTeacher ? "You teach" : `with ${teacher.name}`}</p>
      <p class="class-row-when">
        <${NextDate} class_=${class_} />
        ${foreign && html`<span class="quiet small">${foreign}</span>`}
        ${my?.kind === "trial" && html`<span class="chip chip-warm">Trial</span>`}
        ${class_.state === "draft" && html`<span class="chip chip-plain">Draft</span>`}
      </p>
      ${my?.expiresAt && html`<p class="quiet small">You have access until ${dateText(my.expiresAt)}</p>`}
    </div>
    <div class="class-row-actions"><${Join} class_=${class_} /></div>
  </li>`;
}

/** @param {Class} class_ */
const isOver = ({ state, nextAt }) => state === "ended" || state === "cancelled" || (state === "scheduled" && !nextAt);

/** @param {{items: Class[]}} props */
function Lists({ items }) {
  if (items.length === 0) return html`<${NoneYet} />`;
  const ordered = inOrder(items);
  const [ahead, over] = [ordered.filter((one) => !isOver(one)), ordered.filter(isOver)];
  const key = (/** @type {Class} */ one) => one.id + (one.student?.id ?? "");
  return html`
    ${
      ahead.length > 0
        ? html`<ul class="class-list">${ahead.map((one) => html`<${Mine} key=${key(one)} class_=${one} />`)}</ul>`
        : html`<p class="quiet">No lesson is coming up. <a href="/classes">Find your next class.</a></p>`
    }
    ${
      over.length > 0 &&
      html`<details class="over-list">
        <summary>Past classes (${over.length})</summary>
        <ul class="class-list">${over.map((one) => html`<${Mine} key=${key(one)} class_=${one} />`)}</ul>
      </details>`
    }
  `;
}

function NoneYet() {
  if (isA("parent"))
    return html`<${Empty} icon="users" title="No student is linked yet">
      <p>Your child finds a code under My classes, Account. Enter it here to see their classes and receipts.</p>
      <a class="button button-primary" href="#account">Link a student</a>
    <//>`;
  return html`<${Empty} icon="graduation-cap" title="You are not in a class yet">
    <p>Find a class; it then appears here.</p>
    <a class="button button-primary" href="/classes">See all classes</a>
  <//>`;
}

function Classes() {
  const asked = usePolled(
    /** @returns {Promise<import("../api-types.js").ListOf<Class>>} */ () => get("/api/me/classes?limit=100"),
    POLL_MS,
  );
  return html`<${Loaded} of=${asked}>
    ${(/** @type {import("../api-types.js").ListOf<Class>} */ { items }) => html`<${Lists} items=${items} />`}
  <//>`;
}

const VIEWS = { classes: Classes, notices: Notices, receipts: Receipts, account: Account };

function Desk() {
  const tab = /** @type {keyof typeof VIEWS} */ (useTab(TABS.map(([name]) => name)));
  const hour = new Date(now.value).getHours();
  const greeting = hour < 12 ? "Good morning" : hour < 17 ? "Good afternoon" : "Good evening";
  return html`
    <${PageHead} title=${`${greeting}, ${account.value?.name.split(" ")[0]}`} />
    <${Tabs} label="Yours" tabs=${TABS} current=${tab} />
    <${VIEWS[tab]} />
  `;
}

export function Page() {
  useTitle("My classes");
  return html`<${SignedIn}><${Desk} /><//>`;
}
