// The accounts: search by name or address, roles, locking, new accounts.

import { html } from "htm/preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, patch, post, withQuery } from "../../shared/api.js";
import { Avatar } from "../../ui/avatar.js";
import { ask } from "../../ui/dialog.js";
import { account, say } from "../page-state.js";
import { resource } from "../resource.js";
import { focusFault, useSending } from "./hooks.js";
import { Button, Empty, Field, Loaded, Notice } from "./parts.js";

/** @typedef {import("../api-types.js").User} User */
/** @typedef {import("../api-types.js").ListOf<User>} FoundUsers */

const PAUSE_MS = 300;
const ROLES = ["student", "parent", "teacher", "admin"];

/** @param {{user: User, changed: () => unknown}} props */
function Row({ user, changed }) {
  const { id, name, email, role, disabled } = user;
  const { busy, run } = useSending();
  const change = (/** @type {object} */ to, /** @type {string} */ done) =>
    run(async () => {
      await patch(`/api/users/${id}`, to).then(
        () => say(done),
        (error) => say(error.message, "danger"),
      );
      changed();
    });
  const lock = () =>
    ask({
      title: `Lock ${name}?`,
      text: "They are signed out everywhere and cannot sign in. Their payments stay on record.",
      confirm: "Lock account",
      run: () => change({ disabled: true }, `${name} is locked.`),
    });
  const own = id === account.value?.id;
  return html`<li class="user" data-off=${disabled} data-testid="user">
    <${Avatar} name=${name} size="small" />
    <div class="user-words"><strong>${name}</strong><span class="quiet small">${email}</span></div>
    <label class="visually-hidden" for=${`role-${id}`}>Role of ${name}</label>
    <select class="field user-role" id=${`role-${id}`} value=${role} disabled=${busy || own}
        onChange=${(/** @type {any} */ event) =>
          change({ role: event.target.value }, `${name} is a ${event.target.value} now.`)}>
      ${ROLES.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}
    </select>
    ${
      disabled
        ? html`<${Button} class="button-small" busy=${busy}
            onClick=${() => change({ disabled: false }, `${name} can sign in again.`)}>Unlock<//>`
        : html`<${Button} class="button-small" busy=${busy} disabled=${own} onClick=${lock}>Lock<//>`
    }
  </li>`;
}

/** @param {{changed: () => unknown}} props */
function NewUser({ changed }) {
  const [fields, setFields] = useState({ name: "", email: "", role: "teacher", password: "" });
  const [made, setMade] = useState(/** @type {{name: string, password: string}|null} */ (null));
  const { busy, error, run } = useSending();
  const bind = (/** @type {keyof typeof fields} */ name) => ({
    name: `user-${name}`,
    value: fields[name],
    error: error?.field === name ? error.message : null,
    onInput: (/** @type {string} */ value) => setFields({ ...fields, [name]: value }),
  });
  const add = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const { password, ...rest } = fields;
    const added = await run(() =>
      post("/api/users", { ...rest, name: rest.name.trim(), email: rest.email.trim(), ...(password && { password }) }),
    );
    if (!added) return focusFault(".user-new");
    setFields({ name: "", email: "", role: "teacher", password: "" });
    setMade(added.password ? added : null);
    say("The account is ready.");
    changed();
  };
  return html`<details class="desk-card user-new">
    <summary>New account</summary>
    <form class="form" onSubmit=${add} novalidate>
      <div class="form-row">
        <${Field} label="Name" autocomplete="off" ...${bind("name")} />
        <${Field} label="E-mail" type="email" autocomplete="off" ...${bind("email")} />
      </div>
      <div class="form-row">
        <${Field} label="Role" type="select" ...${bind("role")}>
          ${ROLES.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}
        <//>
        <${Field} label="Password" type="password" autocomplete="new-password" ...${bind("password")}
            hint="If this is empty, a password is made and shown to you once." />
      </div>
      ${error && !error.field && html`<${Notice} kind="danger">${error.message}<//>`}
      ${
        made &&
        html`<${Notice} kind="success" testid="made-password">
          The password of ${made.name} is <code>${made.password}</code>
          . It is not shown again.
        <//>`
      }
      <div class="row"><${Button} type="submit" class="button-primary" busy=${busy}>Create account<//></div>
    </form>
  </details>`;
}

/** @param {{found: FoundUsers, search: string, set: (found: FoundUsers) => void, changed: () => unknown}} props */
function List({ found, search, set, changed }) {
  const { busy, run } = useSending();
  const more = async () => {
    const { items, next } = await get(withQuery("/api/users", { search, limit: 50, cursor: found.next }));
    set({ items: [...found.items, ...items], next });
  };
  if (found.items.length === 0)
    return html`<${Empty} icon="users" title="No account found">
      <p>Try part of the name or of the e-mail address.</p>
    <//>`;
  return html`
    <ul class="users">${found.items.map((user) => html`<${Row} key=${user.id} user=${user} changed=${changed} />`)}</ul>
    ${found.next && html`<p class="more"><${Button} busy=${busy} onClick=${() => run(more)}>Show more people<//></p>`}
  `;
}

export function Users() {
  const [search, setSearch] = useState("");
  const wanted = useRef("");
  const asked = useMemo(
    () =>
      resource(
        /** @returns {Promise<FoundUsers>} */ () => get(withQuery("/api/users", { search: wanted.current, limit: 50 })),
      ),
    [],
  );
  useEffect(() => {
    wanted.current = search.trim();
    const timer = setTimeout(() => void asked.load(), asked.state.value.data ? PAUSE_MS : 0);
    return () => clearTimeout(timer);
  }, [search]);
  const again = () => asked.load({ quiet: true });
  return html`
    <div class="desk-tools">
      <${Field} name="user-search" class="grow" label="Search" type="search" value=${search} onInput=${setSearch}
          placeholder="Name or e-mail" autocomplete="off" />
    </div>
    <${NewUser} changed=${again} />
    <${Loaded} of=${asked}>
      ${(/** @type {FoundUsers} */ found) => html`<${List} found=${found} search=${search.trim()} set=${asked.set}
          changed=${again} />`}
    <//>
  `;
}
