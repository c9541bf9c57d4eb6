// Parts that show a class in lists and pages: its card, its next date, the button that joins it.

import { html } from "htm/preact";
import { Avatar } from "../../ui/avatar.js";
import { Icon } from "../../ui/icon.js";
import { price } from "../money.js";
import { joinButton, isLive, seatsText } from "../offer.js";
import { now } from "../page-state.js";
import { countdown, nearDay, timeText } from "../times.js";
import { Picture } from "./picture.js";

/** @typedef {import("../api-types.js").Class} Class */

/** "Today, 6:00 pm · in 2 h" @param {{class_: Class}} props */
export function NextDate({ class_ }) {
  const { nextAt, state } = class_;
  if (isLive(class_))
    return html`<span class="next-date is-live"><span class="live-dot" aria-hidden="true"></span>Live now</span>`;
  if (!nextAt)
    return html`<span class="next-date">
      ${state === "cancelled" ? "Cancelled" : state === "ended" ? "Ended" : "No date yet"}
    </span>`;
  const left = countdown(nextAt, now.value);
  return html`<span class="next-date">
    <${Icon} name="clock" />
    <span>
      ${nearDay(nextAt, now.value)}, ${timeText(nextAt)}
      ${left && html`<span class="quiet"> · ${left}</span>`}
    </span>
  </span>`;
}

/** @param {{class_: Class}} props */
function Marks({ class_ }) {
  const { my, state } = class_;
  const seats = state === "cancelled" || state === "ended" ? null : seatsText(class_);
  return html`
    ${my?.enrolled && html`<span class="chip chip-good"><${Icon} name="check" />Enrolled</span>`}
    ${my?.isTeacher && html`<span class="chip">Yours</span>`}
    ${
      !my?.enrolled &&
      seats &&
      html`<span class=${`chip ${seats === "Full" ? "chip-plain" : "chip-warm"}`}>${seats}</span>`
    }
  `;
}

/** @param {{class_: Class, eager?: boolean}} props */
export function Card({ class_, eager = false }) {
  const { id, title, teacher, imageUrl, currency } = class_;
  return html`<article class="offer" data-testid="class-card">
    <${Picture} title=${title} url=${imageUrl} eager=${eager} />
    <div class="offer-words">
      <h2 class="offer-title"><a href=${`/classes/${id}`}>${title}</a></h2>
      <p class="offer-teacher"><${Avatar} name=${teacher.name} size="tiny" />${teacher.name}</p>
      <p><${NextDate} class_=${class_} /></p>
      <p class="offer-foot">
        <strong class="offer-price figures">${price(class_.price, currency)}</strong>
        <span class="offer-marks"><${Marks} class_=${class_} /></span>
      </p>
    </div>
  </article>`;
}

export function CardSkeletons() {
  return html`<div class="offers" aria-hidden="true">
    ${Array.from(
      { length: 6 },
      (_, index) => html`<div key=${index} class="offer">
        <div class="picture skeleton-part"></div>
        <div class="offer-words skeleton">
          <span class="skeleton-part"></span>
          <span class="skeleton-part"></span>
          <span class="skeleton-part"></span>
        </div>
      </div>`,
    )}
  </div>`;
}

/**
 * The button that joins the class; it is enabled when the class opens.
 * @param {{class_: Class, wide?: boolean}} props
 */
export function Join({ class_, wide = false }) {
  const { open, live, label, hint } = joinButton(class_, now.value);
  const more = wide ? "button-large button-wide" : "";
  return html`<div class="join" data-open=${open} data-live=${live}>
    ${
      open
        ? html`<a class=${`button button-primary ${more}`} href=${`/class/${class_.id}`} data-testid="join-link">
          ${live ? html`<span class="live-dot" aria-hidden="true"></span>` : html`<${Icon} name="video" />`}
          ${label}
        </a>`
        : html`<button type="button" class=${`button ${more}`} disabled data-testid="join-closed">
          <${Icon} name="video" />
          ${label}
        </button>`
    }
    ${hint && html`<p class="quiet small">${hint}</p>`}
  </div>`;
}
