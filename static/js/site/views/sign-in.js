// The pages without an account: sign in, register, forgotten password, new password. Signing in leads back to the page
// before.

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { post } from "../../shared/api.js";
import { Icon } from "../../ui/icon.js";
import { account } from "../page-state.js";
import { safeNext } from "../routes.js";
import { focusFault, useSending, useTitle } from "./hooks.js";
import { Button, Field, Notice } from "./parts.js";

const MIN_PASSWORD = 10;
const query = new URLSearchParams(location.search);
const next = safeNext(query.get("next"), "/classes");
const asked = query.has("next") ? `?next=${encodeURIComponent(next)}` : "";
// The reset token must not stay in the address: it would be kept in the history and seen on the screen.
const resetToken = query.get("token") ?? "";
if (resetToken) history.replaceState(null, "", location.pathname);

/** @param {{title: string, lead?: any, children: any, foot?: any}} props */
function Frame({ title, lead, children, foot }) {
  return html`<div class="sign">
    <section class="card sign-card"><h1>${title}</h1>${lead && html`<p class="quiet">${lead}</p>`}${children}</section>
    ${foot && html`<p class="sign-foot">${foot}</p>`}
  </div>`;
}

/**
 * @param {{name?: string, label?: string, value: string, onInput: (value: string) => void, error?: string|null,
 *   hint?: string, complete: "current-password"|"new-password"}} props
 */
function Password({ name = "password", label = "Password", value, onInput, error, hint, complete }) {
  const [seen, setSeen] = useState(false);
  return html`<div class="password">
    <${Field} name=${name} label=${label} type=${seen ? "text" : "password"} value=${value} onInput=${onInput}
        error=${error} hint=${hint} autocomplete=${complete} autocapitalize="off" spellcheck="false" />
    <button type="button" class="icon-button password-eye" aria-label="Show password" aria-pressed=${seen}
        onClick=${() => setSeen(!seen)}><${Icon} name=${seen ? "eye-off" : "eye"} /></button>
  </div>`;
}

/**
 * The faults that the form finds before it is sent.
 * @param {Record<string, string>} values @param {boolean} fresh @returns {Record<string, string>}
 */
function faultsOf(values, fresh) {
  /** @type {Record<string, string>} */
  const faults = {};
  if ("name" in values && !values.name.trim()) faults.name = "Type your name as your teacher will see it.";
  if ("email" in values && !/^\S+@\S+\.\S+$/.test(values.email.trim()))
    faults.email = "Type your e-mail address, like name@example.org.";
  if ("password" in values && !values.password) faults.password = fresh ? "Choose a password." : "Type your password.";
  else if (fresh && "password" in values && values.password.length < MIN_PASSWORD)
    faults.password = `Use at least ${MIN_PASSWORD} characters; a few words work well.`;
  return faults;
}

/**
 * The state of a form: values, faults beside the fields, one request at a time.
 * @param {Record<string, string>} start @param {string} path @param {boolean} fresh @param {(answer: any) => void} done
 */
function useForm(start, path, fresh, done) {
  const [values, setValues] = useState(start);
  const [faults, setFaults] = useState(/** @type {Record<string, string>} */ ({}));
  const { busy, error, run } = useSending();
  const refused = error?.field && error.field in values ? { [error.field]: error.message } : {};
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (busy) return;
    const found = faultsOf(values, fresh);
    setFaults(found);
    if (Object.keys(found).length) return focusFault();
    const body = {
      ...values,
      ...("email" in values && { email: values.email.trim() }),
      ...("name" in values && { name: values.name.trim() }),
    };
    const answer = await run(() => post(path, body));
    if (answer) done(answer);
  };
  const bind = (/** @type {string} */ name) => ({
    name,
    value: values[name],
    error: faults[name] ?? refused[name] ?? null,
    onInput: (/** @type {string} */ value) => {
      setValues({ ...values, [name]: value });
      setFaults({ ...faults, [name]: "" });
    },
  });
  return {
    values,
    setValues,
    busy,
    submit,
    bind,
    general: error && !(error.field && error.field in values) ? error.message : null,
  };
}

/** @param {{form: ReturnType<typeof useForm>, label: string, busy: string, children: any}} props */
function Form({ form, label, busy, children }) {
  return html`<form class="form" onSubmit=${form.submit} novalidate>
    ${form.general && html`<${Notice} kind="danger" testid="form-error">${form.general}<//>`}
    ${children}
    <${Button} type="submit" class="button-primary button-large button-wide" busy=${form.busy} busyText=${busy}
        data-testid="submit">${label}<//>
  </form>`;
}

const email = {
  label: "E-mail",
  type: "email",
  autocomplete: "email",
  inputmode: "email",
  autocapitalize: "off",
  spellcheck: "false",
};
const enter = () => location.replace(next);

function Login() {
  const form = useForm({ email: "", password: "" }, "/api/auth/login", false, enter);
  return html`<${Frame} title="Sign in" lead=${query.has("next") ? "You then return to the page you came from." : null}
      foot=${html`New here? <a href=${`/register${asked}`}>Register</a>`}>
    <${Form} form=${form} label="Sign in" busy="Signing in…">
      <${Field} ...${email} ...${form.bind("email")} />
      <${Password} ...${form.bind("password")} complete="current-password" />
      <p class="small"><a href="/forgot">Forgot your password?</a></p>
    <//>
  <//>`;
}

/** @type {[string, string, string][]} */
const ROLES = [
  ["student", "Student", "I take classes"],
  ["parent", "Parent", "My child takes classes"],
];

function Register() {
  const form = useForm({ name: "", email: "", password: "", role: "student" }, "/api/auth/register", true, enter);
  return html`<${Frame} title="Register" lead="One account for all your classes."
      foot=${html`Have an account? <a href=${`/login${asked}`}>Sign in</a>`}>
    <${Form} form=${form} label="Register" busy="Registering…">
      <fieldset class="choices">
        <legend>I am a</legend>
        ${ROLES.map(
          ([value, label, hint]) => html`<label key=${value} class="choice">
            <input type="radio" name="role" value=${value} checked=${form.values.role === value}
                onChange=${() => form.setValues({ ...form.values, role: value })} />
            <span><strong>${label}</strong><span class="quiet small">${hint}</span></span>
          </label>`,
        )}
      </fieldset>
      <${Field} label="Name" autocomplete="name" ...${form.bind("name")} hint="Your teacher and the class see it." />
      <${Field} ...${email} ...${form.bind("email")} />
      <${Password} ...${form.bind("password")} complete="new-password" hint=${`At least ${MIN_PASSWORD} characters.`} />
    <//>
  <//>`;
}

function Forgot() {
  const [sent, setSent] = useState(false);
  const form = useForm({ email: "" }, "/api/auth/forgot", false, () => setSent(true));
  if (sent)
    return html`<${Frame} title="Check your e-mail" foot=${html`<a href="/login">Back to sign in</a>`}>
      <${Notice} kind="success" testid="sent">
        If ${form.values.email.trim()} has an account, a link to choose a new password is on its way. It works for a
        short time. Check the spam folder, too.
      <//>
    <//>`;
  return html`<${Frame} title="Forgot your password?" lead="We send you a link to choose a new one."
      foot=${html`<a href="/login">Back to sign in</a>`}>
    <${Form} form=${form} label="Send the link" busy="Sending…"><${Field} ...${email} ...${form.bind("email")} /><//>
  <//>`;
}

function Reset() {
  const form = useForm({ token: resetToken, password: "" }, "/api/auth/reset", true, enter);
  if (!resetToken)
    return html`<${Frame} title="This link is not complete">
      <p>Open the whole link from the e-mail, or ask for a new one.</p>
      <a class="button button-primary button-wide" href="/forgot">Send a new link</a>
    <//>`;
  return html`<${Frame} title="Choose a new password" lead="All other devices will be signed out."
      foot=${html`Has the link expired? <a href="/forgot">Get a new one</a>`}>
    <${Form} form=${form} label="Save and sign in" busy="Saving…">
      <${Password} label="New password" ...${form.bind("password")} complete="new-password"
          hint=${`At least ${MIN_PASSWORD} characters.`} />
    <//>
  <//>`;
}

const PAGES = {
  login: [Login, "Sign in"],
  register: [Register, "Register"],
  forgot: [Forgot, "Forgotten password"],
  reset: [Reset, "New password"],
};

/** @param {{page: keyof typeof PAGES}} props */
export function Page({ page }) {
  const [View, title] = /** @type {[any, string]} */ (PAGES[page]);
  useTitle(title);
  const already = account.value && page !== "reset";
  useEffect(() => {
    if (already) location.replace(next);
  }, [already]);
  return html`<${View} />`;
}
