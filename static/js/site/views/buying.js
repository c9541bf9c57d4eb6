// The card beside a class: price, coupon, tax, the button to buy it, and the outcome.

import { html } from "htm/preact";
import { useEffect, useMemo } from "preact/hooks";
import * as api from "../../shared/api.js";
import { registerPath, signInPath } from "../../shared/links.js";
import { Icon } from "../../ui/icon.js";
import { Checkout } from "../checkout.js";
import { openDialog } from "../gateway.js";
import { money, price } from "../money.js";
import { isLive, isTeaching, trialText, trialTime } from "../offer.js";
import { account, isKnown, me, whileVisible } from "../page-state.js";
import { enrolments, pendingMemory } from "../pending.js";
import { dateText } from "../times.js";
import { Join } from "./card.js";
import { Button, Notice } from "./parts.js";
import { Figures, StateOfBuyer, useQuote } from "./quote.js";

/** Order states after which no trial is offered. */
const BOUGHT = new Set(["paid", "refunded"]);

/** @typedef {import("../api-types.js").Class} Class */

/**
 * The checkout of this page; it also learns when another tab has enrolled.
 * @param {string} classId @param {() => unknown} reload
 */
function useCheckout(classId, reload) {
  const checkout = useMemo(() => {
    const wait = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const enrolled = () => {
      enrolments.announce(classId);
      reload();
    };
    return new Checkout({
      classId,
      api,
      openDialog,
      memory: pendingMemory(classId),
      wait: /** @type {any} */ (wait),
      now: Date.now,
      onEnrolled: enrolled,
    });
  }, [classId]);
  useEffect(() => {
    return enrolments.listen(classId, () => {
      checkout.enrolledElsewhere();
      reload();
    });
  }, [checkout]);
  useEffect(() => {
    if (account.value) void checkout.resume();
  }, [checkout, account.value?.id]);
  return checkout;
}

/** @param {{classId: string, label: string}} props */
function SignInFirst({ classId, label }) {
  return html`
    <a class="button button-primary button-large button-wide" href=${signInPath(`/classes/${classId}`)}
        data-testid="sign-in-to-pay">${label}</a>
    <p class="quiet small centre">
      New here? <a href=${registerPath(`/classes/${classId}`)}>Register</a>
      ; it takes a minute.
    </p>
  `;
}

/** The outcome of the last try to buy. @param {{checkout: Checkout}} props */
function Outcome({ checkout }) {
  const { step, message, code, tries } = checkout.progress.value;
  if (step === "confirming") {
    const late = tries >= 3;
    return html`<${Notice} kind=${late ? "warning" : "info"} testid="confirming" icon="shield-check">
      <strong>${late ? "Your payment is safe." : "Payment received, confirming…"}</strong>
      ${
        late
          ? " We cannot reach the server at the moment and keep trying. " +
            "You do not need to pay again. You can close this page and come back later."
          : " This takes a moment. Please keep this page open."
      }
    <//>`;
  }
  if (step === "returned")
    return html`<${Notice} kind="warning" testid="returned">
      <strong>You are not enrolled, and your money is on its way back.</strong>
      ${" "}
      ${message ?? "The whole amount is refunded to the account you paid with, usually within 5 to 7 working days."}
    <//>`;
  if (!message) return null;
  return html`<${Notice} kind=${code === "closed" ? "info" : "danger"} testid=${`told-${code}`}>${message}<//>`;
}

/** @param {{class_: Class, checkout: Checkout, quote: ReturnType<typeof useQuote>}} props */
function PayButton({ class_, checkout, quote }) {
  const { step } = checkout.progress.value;
  const busy = checkout.isBusy;
  const amount = quote.figures.value?.amount ?? class_.price;
  const words = {
    ordering: "Preparing the payment…",
    paying: "Waiting for payment…",
    confirming: "Confirming payment…",
  };
  const label = amount === 0 ? "Enrol free" : `Pay ${money(amount, class_.currency)}`;
  const free = class_.price === 0;
  return html`<${Button} class="button-primary button-large button-wide" busy=${busy}
      busyText=${/** @type {any} */ (words)[step]} data-testid="pay-button"
      onClick=${() => (free ? checkout.enrol() : checkout.pay(quote.coupon.value))}>${label}<//>`;
}

/** @param {{class_: Class}} props */
function Next({ class_ }) {
  const paid = class_.price > 0;
  return html`<div class="buy-next">
    <h3>What happens next</h3>
    <ol>
      ${paid && html`<li><span>You pay by UPI, card or net banking.</span></li>`}
      <li><span>You are enrolled at once${paid && " and get a receipt"}.</span></li>
      <li><span>Each lesson opens shortly before it starts; you join it from <a href="/me">My classes</a>.</span></li>
    </ol>
  </div>`;
}

/** @param {{class_: Class, checkout: Checkout}} props */
function Offer({ class_, checkout }) {
  const quote = useQuote(class_);
  const { id, currency } = class_;
  const student = account.value?.role === "student";
  const trial = class_.price > 0 ? trialText(class_) : null;
  const label = class_.price === 0 ? "Sign in to enrol" : `Sign in to pay ${money(class_.price, currency)}`;
  return html`
    <p class="buy-price">
      <strong class="figures">${price(class_.price, currency)}</strong>
      ${class_.price > 0 && html`<span class="quiet">for the whole class</span>`}
    </p>
    ${student && class_.price > 0 && html`<${Figures} quote=${quote} class_=${class_} busy=${checkout.isBusy} />`}
    ${student && class_.price > 0 && html`<${StateOfBuyer} changed=${quote.reload} />`}
    <${Outcome} checkout=${checkout} />
    ${
      !isKnown.value
        ? html`<${NotKnown} />`
        : !account.value
          ? html`<${SignInFirst} classId=${id} label=${label} />`
          : class_.seatsLeft === 0 && !checkout.isBusy
            ? html`<a class="button button-wide" href="/classes">See other classes</a>`
            : student
              ? html`<${PayButton} class_=${class_} checkout=${checkout} quote=${quote} />`
              : html`<${NotForRole} />`
    }
    ${
      trial &&
      student &&
      !BOUGHT.has(class_.my?.orderState ?? "") &&
      !class_.my?.kind &&
      html`<${Button} class="button-wide" busy=${false} disabled=${checkout.isBusy} data-testid="trial-button"
          onClick=${() => checkout.enrol({ trial: true })}>${trial}<//>`
    }
    <${Next} class_=${class_} />
  `;
}

function NotKnown() {
  if (!me.state.value.error) return html`<div class="button-space"></div>`;
  return html`
    <${Notice} kind="danger">We cannot see whether you are signed in. ${me.state.value.error.message}<//>
    <button type="button" class="button button-wide" onClick=${() => me.load()}>
      <${Icon} name="rotate-cw" />
      Try again
    </button>
  `;
}

function NotForRole() {
  const parent = account.value?.role === "parent";
  return html`<${Notice}>
    ${
      parent
        ? html`
          A class is bought with the student's account: sign in with your child's. To see their classes and receipts
          with your own, <a href="/me#account">link the two accounts</a>.
        `
        : "You are signed in as a teacher. Only a student's account can buy a class."
    }
  <//>`;
}

/** @param {{class_: Class, fresh: boolean}} props */
function Enrolled({ class_, fresh }) {
  const { my } = class_;
  return html`<div class="buy-done" data-testid="enrolled">
    <div class="waiting-mark is-good"><${Icon} name="check" /></div>
    <h2>${fresh ? "You are enrolled" : "You are in this class"}</h2>
    ${my?.expiresAt && html`<p class="quiet">Until ${dateText(my.expiresAt)}</p>`}
    <${Join} class_=${class_} wide=${true} />
    ${
      fresh &&
      class_.price > 0 &&
      html`<p class="quiet small">Your receipt is under <a href="/me#receipts">Receipts</a>.</p>`
    }
  </div>`;
}

/** The trial, with the offer to buy the class. @param {{class_: Class, checkout: Checkout}} props */
function Trial({ class_, checkout }) {
  return html`
    <div class="buy-trial">
      <p><span class="chip chip-warm">Free trial</span> <span class="quiet small">${trialTime(class_)}</span></p>
      <${Join} class_=${class_} wide=${true} />
    </div>
    <${Offer} class_=${class_} checkout=${checkout} />
  `;
}

/** @param {{class_: Class}} props */
function Staff({ class_ }) {
  return html`<div class="buy-done">
    <p class="buy-price"><strong class="figures">${price(class_.price, class_.currency)}</strong></p>
    <${Join} class_=${class_} wide=${true} />
    <a class="button button-wide" href=${`/teach/${class_.id}`}><${Icon} name="pencil" />Edit class</a>
  </div>`;
}

/** @param {{icon: string, title: string, children?: any}} props */
function Closed({ icon, title, children }) {
  return html`<div class="buy-done">
    <div class="waiting-mark"><${Icon} name=${icon} /></div>
    <h2>${title}</h2>
    ${children}
    <a class="button button-wide" href="/classes">See other classes</a>
  </div>`;
}

/** @param {{class_: Class, reload: () => unknown}} props */
export function Buying({ class_, reload }) {
  const checkout = useCheckout(class_.id, reload);
  const { step } = checkout.progress.value;
  useEffect(
    () => whileVisible(() => class_.my?.enrolled && !isLive(class_) && reload(), 5000),
    [class_.my?.enrolled, isLive(class_)],
  );
  useEffect(() => {
    if (step === "returned") reload();
  }, [step]);
  const enrolled = Boolean(class_.my?.enrolled) || step === "enrolled";
  const busy = checkout.isBusy || step === "returned";
  let body;
  if (isTeaching(class_)) body = html`<${Staff} class_=${class_} />`;
  else if (class_.my?.kind === "trial" && class_.my.enrolled && step !== "enrolled")
    body = html`<${Trial} class_=${class_} checkout=${checkout} />`;
  else if (enrolled) body = html`<${Enrolled} class_=${class_} fresh=${step === "enrolled"} />`;
  else if (class_.state === "cancelled")
    body = html`<${Closed} icon="x" title="This class is cancelled">
      <p>Everyone who paid gets the whole amount back.</p>
    <//>`;
  else if (class_.state === "ended" || (class_.state === "scheduled" && !class_.nextAt))
    body = html`<${Closed} icon="check" title="This class has ended" />`;
  else if (class_.seatsLeft === 0 && !busy)
    body = html`<${Closed} icon="users" title="This class is full">
      <p>This page shows it at once when a seat becomes free.</p>
    <//>`;
  else body = html`<${Offer} class_=${class_} checkout=${checkout} />`;
  return html`<div class="buy-card" data-step=${step}>${body}</div>`;
}
