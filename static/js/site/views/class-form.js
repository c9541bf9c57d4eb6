// The form of a class. Each fault stands beside its field; a refusal loses nothing that was typed.

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { patch, post, put } from "../../shared/api.js";
import { bodyOf, faultsOf, fieldNamed } from "../form-fields.js";
import { say } from "../page-state.js";
import { focusFault, useSending } from "./hooks.js";
import { Button, Field, Notice } from "./parts.js";
import { ImageField } from "./picture.js";
import { ScheduleFields } from "./schedule-fields.js";

/** @typedef {import("../api-types.js").Class} Class */
/** @typedef {import("../form-fields.js").Fields} Fields */
/** @typedef {import("../form-fields.js").Faults} Faults */

/**
 * @typedef {(name: keyof Fields) => {name: string, value: any, error: string|null, onInput: (value: any) => void}} Bind
 */

/** @param {{bind: Bind, fields: Fields, set: (change: Partial<Fields>) => void}} props */
function Price({ bind, fields, set }) {
  return html`<fieldset class="desk-card">
    <legend>Price and seats</legend>
    <div class="segments" role="radiogroup" aria-label="Paid or free">
      ${[
        [true, "Paid"],
        [false, "Free"],
      ].map(
        ([paid, label]) =>
          html`<label key=${label} class="segment">
            <input type="radio" name="paid" checked=${fields.paid === paid}
                onChange=${() => set({ paid: Boolean(paid) })} />
            <span>${label}</span>
          </label>`,
      )}
    </div>
    <div class="form-row">
      ${
        fields.paid &&
        html`<${Field} label="Price" before="₹" inputmode="decimal" autocomplete="off" ...${bind("price")}
            hint="For the whole class, including tax." />`
      }
      <${Field} label="Seats" inputmode="numeric" autocomplete="off" placeholder="No limit" ...${bind("seats")} />
    </div>
    <div class="form-row">
      ${
        fields.paid &&
        html`<${Field} label="Free trial" after="min" inputmode="numeric" autocomplete="off" placeholder="None"
            ...${bind("trialMinutes")} hint="Once, in one lesson, before paying." />`
      }
      <${Field} label="Access" after="days" inputmode="numeric" autocomplete="off" placeholder="To the last lesson"
          ...${bind("accessDays")} hint="From the first lesson after enrolling." />
    </div>
  </fieldset>`;
}

/**
 * Sends the form: a new class or the changes, then the picture.
 * @param {Fields} fields @param {Class|undefined} class_ @param {Blob|null} image @returns {Promise<Class>}
 */
async function save(fields, class_, image) {
  const body = bodyOf(fields);
  const saved = class_ ? await patch(`/api/classes/${class_.id}`, body) : await post("/api/classes", body);
  if (!image) return saved;
  const { imageUrl } = await put(`/api/classes/${saved.id}/image`, image);
  return { ...saved, imageUrl };
}

/**
 * The state of the form: fields, faults, and the sending.
 * @param {Fields} start @param {Class|undefined} class_ @param {(class_: Class) => void} done
 */
function useClassForm(start, class_, done) {
  const [fields, setFields] = useState(start);
  const [image, setImage] = useState(/** @type {Blob|null} */ (null));
  const [faults, setFaults] = useState(/** @type {Faults} */ ({}));
  const { busy, error, run } = useSending();
  const refused = error ? { [fieldNamed(error.field)]: error.message } : {};
  const set = (/** @type {Partial<Fields>} */ change) => {
    setFields({ ...fields, ...change });
    const touched = Object.fromEntries(Object.keys(change).map((name) => [name, undefined]));
    setFaults({ ...faults, ...touched });
  };
  const send = async () => {
    const found = faultsOf(fields, Date.now(), !class_);
    setFaults(found);
    if (Object.keys(found).length) return focusFault(".class-form");
    const saved = await run(() => save(fields, class_, image));
    if (!saved) return focusFault(".class-form");
    setImage(null);
    done(saved);
  };
  const all = /** @type {Faults} */ ({
    ...refused,
    ...Object.fromEntries(Object.entries(faults).filter(([, text]) => text)),
  });
  const bind = /** @type {Bind} */ (
    (name) => ({
      name,
      value: fields[name],
      error: all[name] ?? null,
      onInput: (value) => set(/** @type {any} */ ({ [name]: value })),
    })
  );
  return { fields, set, bind, all, busy, send, image, setImage, count: Object.keys(all).length };
}

/** @param {{start: Fields, class_?: Class, changed?: (class_: Class) => void}} props */
export function ClassForm({ start, class_, changed }) {
  const form = useClassForm(start, class_, (saved) => {
    if (!changed) return location.assign(`/teach/${saved.id}`);
    changed({ ...class_, ...saved });
    say("Saved.");
  });
  const { fields, set, bind, all, busy, send, image, setImage, count } = form;
  const over = class_?.state === "ended" || class_?.state === "cancelled";
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!busy) void send();
  };
  return html`<form class="class-form" onSubmit=${submit} novalidate data-testid="class-form">
    <fieldset class="plain" disabled=${over}>
      <div class="desk-card">
        <${Field} label="Title" ...${bind("title")} maxlength="120" autocomplete="off"
            hint="For example: Calculus from the beginning." />
        <${Field} label="Description" type="area" rows="7" ...${bind("description")}
            hint="What students learn, who it is for, what they need. An empty line starts a new paragraph." />
        <${ImageField} title=${fields.title} url=${class_?.imageUrl ?? null} image=${image} choose=${setImage} />
      </div>
      <${ScheduleFields} fields=${fields} set=${set} bind=${bind} faults=${all} />
      <${Price} bind=${bind} fields=${fields} set=${set} />
      ${all.form && html`<${Notice} kind="danger" testid="form-error">${all.form}<//>`}
      <div class="form-bar">
        <p class="field-error" role="alert">
          ${count > 0 && !all.form && `${count === 1 ? "One field needs" : `${count} fields need`} your attention.`}
        </p>
        <${Button} type="submit" class="button-primary" busy=${busy} busyText="Saving…" data-testid="save">
          ${class_ ? "Save changes" : "Save draft"}
        <//>
      </div>
    </fieldset>
  </form>`;
}
