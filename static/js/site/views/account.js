// The account tab: name and state, a student's code for a parent, a parent's students.

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { get, patch, post, remove } from "../../shared/api.js";
import { Avatar } from "../../ui/avatar.js";
import { account, isA, me, now, say, signOut } from "../page-state.js";
import { countdown } from "../times.js";
import { focusFault, useAsked, useSending } from "./hooks.js";
import { Button, Field, Loaded, Notice } from "./parts.js";
import { StateOfBuyer } from "./quote.js";

function Name() {
  const [name, setName] = useState(account.value?.name ?? "");
  const { busy, error, run } = useSending();
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const saved = await run(() => patch("/api/me", { name: name.trim() }));
    if (!saved) return focusFault();
    await me.load({ quiet: true });
    say("Saved.");
  };
  return html`<form class="form" onSubmit=${save} novalidate>
    <${Field} name="name" label="Name" value=${name} onInput=${setName} autocomplete="name" error=${error?.message} />
    <${Field} name="email" label="E-mail" value=${account.value?.email ?? ""} onInput=${() => {}} readonly
        hint="You sign in with this address." />
    ${isA("student") && html`<${StateOfBuyer} changed=${() => say("Saved.")} />`}
    <div class="row">
      <${Button} type="submit" class="button-primary" busy=${busy}
          disabled=${!name.trim() || name.trim() === account.value?.name}>Save name<//>
    </div>
  </form>`;
}

/** The code with which a student links a parent. */
function LinkCode() {
  const [code, setCode] = useState(/** @type {{code: string, expiresAt: number}|null} */ (null));
  const { busy, error, run } = useSending();
  const show = async () => setCode((await run(() => get("/api/me/link-code"))) ?? null);
  const left = code && countdown(code.expiresAt, now.value);
  return html`<section class="desk-card">
    <h2>For a parent</h2>
    <p class="quiet">
      A parent who enters this code can see your classes and receipts, and watch your lessons. It works once.
    </p>
    ${
      code && left
        ? html`
          <p class="link-code figures" data-testid="link-code">${code.code}</p>
          <p class="quiet small">It expires ${left}.</p>
        `
        : html`<${Button} busy=${busy} onClick=${show}>Show a code<//>`
    }
    ${error && html`<${Notice} kind="danger">${error.message}<//>`}
  </section>`;
}

/** @param {{students: {id: string, name: string}[], reload: () => unknown}} props */
function Students({ students, reload }) {
  const [code, setCode] = useState("");
  const { busy, error, run } = useSending();
  const link = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!(await run(() => post("/api/me/students", { code: code.trim() })))) return focusFault();
    setCode("");
    reload();
  };
  const unlink = async (/** @type {string} */ id) => {
    if (await run(() => remove(`/api/me/students/${id}`))) reload();
  };
  return html`
    ${
      students.length > 0 &&
      html`<ul class="people-list">
        ${students.map(
          ({ id, name }) => html`<li key=${id}>
            <${Avatar} name=${name} size="small" />
            <span>${name}</span>
            <button type="button" class="button button-small" onClick=${() => unlink(id)}
                aria-label=${`Unlink ${name}`}>
              Unlink
            </button>
          </li>`,
        )}
      </ul>`
    }
    <form class="form" onSubmit=${link} novalidate>
      <${Field} name="code" label="Your child's code" value=${code} onInput=${setCode} autocomplete="off"
          spellcheck="false" error=${error?.message} hint="Your child finds it under My classes, Account." />
      <div class="row">
        <${Button} type="submit" class="button-primary" busy=${busy} disabled=${!code.trim()}>Link student<//>
      </div>
    </form>
  `;
}

function StudentsOf() {
  const asked = useAsked(
    /** @returns {Promise<{items: {id: string, name: string}[]}>} */ () => get("/api/me/students"),
  );
  return html`<section class="desk-card">
    <h2>Your students</h2>
    <${Loaded} of=${asked}>
      ${(/** @type {{items: {id: string, name: string}[]}} */ { items }) => html`<${Students} students=${items}
          reload=${asked.load} />`}
    <//>
  </section>`;
}

export function Account() {
  return html`<div class="desk-grid">
    <section class="desk-card"><h2>You</h2><${Name} /></section>
    ${isA("student") && html`<${LinkCode} />`}
    ${isA("parent") && html`<${StudentsOf} />`}
    <section class="desk-card">
      <h2>This device</h2>
      <p class="quiet">Sign out if other people use this device.</p>
      <button type="button" class="button" onClick=${signOut}>Sign out</button>
    </section>
  </div>`;
}
