// The page of one class: what it is, when its lessons are, and beside it the card to buy it.

import { html } from "htm/preact";
import { get } from "../../shared/api.js";
import { linkParts } from "../../shared/text.js";
import { Avatar } from "../../ui/avatar.js";
import { Icon } from "../../ui/icon.js";
import { isLive, seatsText } from "../offer.js";
import { accountAsked, me, now } from "../page-state.js";
import { lessonCount, nextDates, rhythm, spanText } from "../schedule.js";
import { countdown, dayText, foreignTime, offsetText, ownZone, zoneName } from "../times.js";
import { Buying } from "./buying.js";
import { NextDate } from "./card.js";
import { usePolled, useTitle } from "./hooks.js";
import { Empty, Loaded } from "./parts.js";
import { Picture } from "./picture.js";

/** @typedef {import("../api-types.js").Class} Class */

const POLL_MS = 15_000;
const DATES = 5;

/** @param {{class_: Class}} props */
function Lessons({ class_ }) {
  const { schedule } = class_;
  const dates = nextDates(schedule, now.value, DATES);
  const count = lessonCount(schedule);
  const foreign = dates[0] && foreignTime(dates[0].start, schedule.zone);
  return html`<section class="class-section" aria-labelledby="dates-title">
    <h2 id="dates-title">When</h2>
    <p>${rhythm(schedule)}${count > 1 && html` · <span class="figures">${count}</span> lessons`}</p>
    ${
      dates.length === 0
        ? html`<p class="quiet">All lessons have taken place.</p>`
        : html`<ol class="dates">
          ${dates.map(
            (lesson, index) => html`<${Lesson} key=${lesson.start} lesson=${lesson} zone=${schedule.zone}
                first=${index === 0} />`,
          )}
        </ol>`
    }
    <p class="quiet small">${zonesText(schedule.zone, dates[0]?.start, Boolean(foreign))}</p>
  </section>`;
}

/**
 * Names the time zone of the times above.
 * @param {string} zone @param {number|undefined} at @param {boolean} foreign
 */
function zonesText(zone, at, foreign) {
  const own = ownZone();
  if (!foreign || !at) return `Times are in ${zoneName(zone, at)}.`;
  const told = `${zoneName(own, at)} (${offsetText(own, at)})`;
  return `Times are in your time zone, ${told}. The class is held in ${zoneName(zone, at)}.`;
}

/** @param {{lesson: {start: number, end: number}, zone: string, first: boolean}} props */
function Lesson({ lesson, zone, first }) {
  const foreign = foreignTime(lesson.start, zone);
  const left = first ? countdown(lesson.start, now.value) : null;
  return html`<li>
    <span class="date-day">${dayText(lesson.start)}</span>
    <span class="date-time figures">
      ${spanText(lesson)}
      ${foreign && html`<span class="date-foreign">${foreign}</span>`}
    </span>
    ${left && html`<span class="chip chip-plain">${left}</span>`}
  </li>`;
}

/** The teacher's text as paragraphs with safe links. @param {{text: string}} props */
function Description({ text }) {
  const paragraphs = text.split(/\n{2,}/).filter((part) => part.trim());
  return html`
    ${paragraphs.map(
      (part, index) => html`<p key=${index} class="class-text">
        ${linkParts(part).map(({ text: words, href }) =>
          href ? html`<a href=${href} target="_blank" rel="noopener noreferrer">${words}</a>` : words,
        )}
      </p>`,
    )}
  `;
}

/** @param {{class_: Class}} props */
function Facts({ class_ }) {
  const seats = seatsText(class_);
  return html`<ul class="facts">
    <li><${NextDate} class_=${class_} /></li>
    <li>
      <${Icon} name="users" />
      ${class_.seats === null ? "Open to everyone" : `${class_.seats} seats`}
      ${seats && html` <span class="chip chip-warm">${seats}</span>`}
    </li>
    <li><${Icon} name="video" />Live in your browser, nothing to install</li>
  </ul>`;
}

/** @param {{class_: Class, reload: () => unknown}} props */
function Whole({ class_, reload }) {
  useTitle(class_.title);
  const { title, teacher, imageUrl, description } = class_;
  return html`<article class="class-page" data-testid="class-page">
    <header class="class-head">
      <a class="back" href="/classes"><${Icon} name="chevron-left" />All classes</a>
      <h1>${title}</h1>
      <p class="class-teacher">
        <${Avatar} name=${teacher.name} size="small" />
        <span>with <strong>${teacher.name}</strong></span>
      </p>
      <${Facts} class_=${class_} />
    </header>
    <div class="class-picture">
      <${Picture} title=${title} url=${imageUrl} eager=${true} />
      ${
        isLive(class_) && html`<span class="live-chip"><span class="live-dot" aria-hidden="true"></span>Live now</span>`
      }
    </div>
    <aside class="class-buy" aria-label="Price and enrolment"><${Buying} class_=${class_} reload=${reload} /></aside>
    <div class="class-about">
      ${
        description.trim() &&
        html`<section class="class-section" aria-labelledby="about-title">
          <h2 id="about-title">About this class</h2>
          <${Description} text=${description} />
        </section>`
      }
      <${Lessons} class_=${class_} />
    </div>
  </article>`;
}

function PageSkeleton() {
  return html`<div class="class-page" aria-hidden="true">
    <div class="class-head skeleton"><span class="skeleton-part"></span><span class="skeleton-part"></span></div>
    <div class="class-picture"><div class="picture skeleton-part"></div></div>
    <div class="class-buy">
      <div class="buy-card skeleton">
        <span class="skeleton-part"></span>
        <span class="skeleton-part"></span>
        <span class="skeleton-part"></span>
      </div>
    </div>
  </div>`;
}

/** @param {any} error */
function failed(error) {
  if (error.status !== 404) return null;
  return html`<${Empty} icon="search" title="This class is not offered">
    <p>It may have been withdrawn, or the address may be mistyped.</p>
    <a class="button button-primary" href="/classes">See all classes</a>
  <//>`;
}

/** @param {{id: string}} props */
export function Page({ id }) {
  useTitle("Class");
  // The card depends on the account: drawn before that is known, it would jump.
  const asked = usePolled(
    /** @returns {Promise<Class>} */ async () =>
      (await Promise.all([get(`/api/classes/${encodeURIComponent(id)}`), accountAsked]))[0],
    POLL_MS,
    [id],
  );
  const reload = () => {
    void asked.load({ quiet: true });
    void me.load({ quiet: true });
  };
  return html`<${Loaded} of=${asked} skeleton=${html`<${PageSkeleton} />`} failed=${failed}>
    ${(/** @type {Class} */ class_) => html`<${Whole} class_=${class_} reload=${reload} />`}
  <//>`;
}
