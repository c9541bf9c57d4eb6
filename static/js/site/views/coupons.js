// The coupons of a class: their discount and uses, and a form for a new one.

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { get, patch, post, withQuery } from "../../shared/api.js";
import { Icon } from "../../ui/icon.js";
import { couponBody, couponFaults, emptyCoupon } from "../form-fields.js";
import { money } from "../money.js";
import { now, say } from "../page-state.js";
import { dateText } from "../times.js";
import { focusFault, useAsked, useSending } from "./hooks.js";
import { Button, Field, Loaded, Notice } from "./parts.js";

/** @typedef {import("../api-types.js").Coupon} Coupon */
/** @typedef {import("../api-types.js").ListOf<Coupon>} FoundCoupons */

/** @param {{classId: string, zone: string, changed: () => unknown}} props */
function NewCoupon({ classId, zone, changed }) {
  const [fields, setFields] = useState(emptyCoupon());
  const [faults, setFaults] = useState(/** @type {Record<string, string>} */ ({}));
  const { busy, error, run } = useSending();
  const bind = (/** @type {keyof typeof fields} */ name) => ({
    name: `coupon-${name}`,
    value: fields[name],
    error: faults[name] || (error?.field === name && error.message) || null,
    onInput: (/** @type {string} */ value) => {
      setFields({ ...fields, [name]: value });
      setFaults({ ...faults, [name]: "" });
    },
  });
  const add = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const found = couponFaults(fields);
    setFaults(found);
    if (Object.keys(found).length || !(await run(() => post("/api/coupons", couponBody(fields, classId, zone)))))
      return focusFault(".coupon-new");
    setFields(emptyCoupon());
    say("The coupon is ready.");
    changed();
  };
  return html`<form class="form coupon-new" onSubmit=${add} novalidate>
    <h2>New coupon</h2>
    <div class="form-row">
      <${Field} label="Code" ...${bind("code")} autocomplete="off" autocapitalize="characters" spellcheck="false"
          placeholder="DIWALI20" />
      <${Field} label="Kind" type="select" ...${bind("kind")}>
        <option value="percent">Percent off</option>
        <option value="amount">Rupees off</option>
      <//>
      <${Field} label="Value" ...${bind("value")} inputmode="decimal" autocomplete="off"
          before=${fields.kind === "amount" ? "₹" : undefined} after=${fields.kind === "percent" ? "%" : undefined} />
    </div>
    <div class="form-row">
      <${Field} label="Uses" ...${bind("maxUses")} inputmode="numeric" autocomplete="off" placeholder="No limit"
          hint="For everyone together; each person can use it once." />
      <${Field} label="Last day" type="date" ...${bind("lastDay")} hint="If this is empty, the coupon never ends." />
    </div>
    ${
      error &&
      !["code", "value", "maxUses"].includes(error.field ?? "") &&
      html`<${Notice} kind="danger">${error.message}<//>`
    }
    <div class="row">
      <${Button} type="submit" class="button-primary" busy=${busy} data-testid="add-coupon">Add coupon<//>
    </div>
  </form>`;
}

/** @param {{coupon: Coupon, currency: string, changed: () => unknown}} props */
function Row({ coupon, currency, changed }) {
  const { code, kind, value, uses, maxUses, expiresAt, disabled } = coupon;
  const { busy, run } = useSending();
  const over = expiresAt !== null && expiresAt < now.value;
  const turn = async () => {
    if (await run(() => patch(`/api/coupons/${encodeURIComponent(code)}`, { disabled: !disabled }))) changed();
  };
  return html`<li class="coupon" data-off=${disabled || over} data-testid="coupon">
    <${Icon} name="ticket-percent" />
    <div>
      <strong>${code}</strong>
      <span class="quiet small figures">
        ${kind === "percent" ? `${value} % off` : `${money(value, currency)} off`} · used ${uses}
        ${maxUses === null ? "" : ` of ${maxUses}`}
        ${expiresAt ? ` · ${over ? "ended" : "until"} ${dateText(expiresAt)}` : ""}
      </span>
    </div>
    <${Button} class="button-small" busy=${busy} onClick=${turn} aria-label=${`${disabled ? "Allow" : "Stop"} ${code}`}>
      ${disabled ? "Allow" : "Stop"}
    <//>
  </li>`;
}

/** @param {{class_: import("../api-types.js").Class}} props */
export function Coupons({ class_ }) {
  const asked = useAsked(
    /** @returns {Promise<FoundCoupons>} */ () => get(withQuery("/api/coupons", { classId: class_.id, limit: 100 })),
    [class_.id],
  );
  const again = () => asked.load({ quiet: true });
  const isOurs = (/** @type {Coupon} */ { classId }) => classId === class_.id || classId === null;
  return html`<div class="desk-grid">
    <section class="desk-card">
      <h2>Coupons</h2>
      <${Loaded} of=${asked}>
        ${(/** @type {FoundCoupons} */ { items }) => {
          const ours = items.filter(isOurs);
          return ours.length === 0
            ? html`<p class="quiet">No coupons yet. A coupon makes a class cheaper, or free.</p>`
            : html`<ul class="coupons">
              ${ours.map(
                (coupon) => html`<${Row} key=${coupon.code} coupon=${coupon} currency=${class_.currency}
                    changed=${again} />`,
              )}
            </ul>`;
        }}
      <//>
    </section>
    <section class="desk-card">
      <${NewCoupon} classId=${class_.id} zone=${class_.schedule.zone} changed=${again} />
    </section>
  </div>`;
}
