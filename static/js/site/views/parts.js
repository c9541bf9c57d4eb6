// Parts of the site's pages: field, button, notice, tabs, page head; and the states loading, empty and failed.

import { html } from "htm/preact";
import { Icon } from "../../ui/icon.js";

/**
 * A labelled input. Its error stands below it and is read with it; a hint is shown when there is no error.
 * @param {{name: string, label: string, value: string, onInput: (value: string) => void, error?: string|null,
 *   hint?: string|null, type?: string, children?: any, before?: string, after?: string, class?: string,
 *   [more: string]: any}} props
 */
export function Field({
  name,
  label,
  value,
  onInput,
  error,
  hint,
  type = "text",
  children,
  before,
  after,
  class: more = "",
  ...rest
}) {
  const note = error || hint ? `${name}-note` : undefined;
  const shared = {
    id: name,
    name,
    class: "field",
    value,
    "aria-invalid": error ? "true" : undefined,
    "aria-describedby": note,
    onInput: (/** @type {any} */ event) => onInput(event.target.value),
    ...rest,
  };
  const control =
    type === "area"
      ? html`<textarea ...${shared}></textarea>`
      : type === "select"
        ? html`<select ...${shared}>${children}</select>`
        : html`<input type=${type} ...${shared} />`;
  return html`<div class=${`form-field ${more}`}>
    <label for=${name}>${label}</label>
    ${
      before || after
        ? html`<div class="field-with">
          ${before && html`<span class="field-mark" aria-hidden="true">${before}</span>`}
          ${control}
          ${after && html`<span class="field-mark" aria-hidden="true">${after}</span>`}
        </div>`
        : control
    }
    ${
      error
        ? html`<p class="field-error" id=${note}><${Icon} name="circle-alert" />${error}</p>`
        : hint && html`<p class="field-hint" id=${note}>${hint}</p>`
    }
  </div>`;
}

/**
 * A button that shows when its action is under way.
 * @param {{busy: boolean, children: any, class?: string, type?: string, disabled?: boolean, busyText?: string,
 *   [more: string]: any}} props
 */
export function Button({ busy, children, class: more = "", type = "button", disabled = false, busyText, ...rest }) {
  return html`<button type=${type} class=${`button ${more}`} disabled=${disabled || busy} aria-busy=${busy} ...${rest}>
    ${busy && html`<span class="spinner" aria-hidden="true"></span>`}
    ${busy && busyText ? busyText : children}
  </button>`;
}

/**
 * A list or page without content, and what to do.
 * @param {{icon: string, title: string, children?: any, testid?: string}} props
 */
export function Empty({ icon, title, children, testid = "empty" }) {
  return html`<section class="empty" data-testid=${testid}>
    <div class="waiting-mark"><${Icon} name=${icon} /></div>
    <h2>${title}</h2>
    ${children}
  </section>`;
}

/** A failed request, and what to do. @param {{error: Error, retry?: () => unknown, children?: any}} props */
function Failure({ error, retry, children }) {
  return html`<section class="empty" role="alert" data-testid="failure">
    <div class="waiting-mark is-danger"><${Icon} name="circle-alert" /></div>
    <h2>That did not work</h2>
    <p>${error.message}</p>
    <div class="row row-wrap">
      ${
        retry &&
        html`<button type="button" class="button button-primary" onClick=${() => retry()}>
          <${Icon} name="rotate-cw" />
          Try again
        </button>`
      }
      ${children}
    </div>
  </section>`;
}

/**
 * @param {{kind?: "info"|"warning"|"danger"|"success", children: any, testid?: string, role?: string, icon?: string}}
 *   props
 */
export function Notice({ kind = "info", children, testid, role, icon }) {
  const mark = icon ?? (kind === "success" ? "check" : kind === "info" ? "info" : "circle-alert");
  return html`<div class="notice" data-kind=${kind} data-testid=${testid}
      role=${role ?? (kind === "danger" ? "alert" : "status")}><${Icon} name=${mark} /><div>${children}</div></div>`;
}

/**
 * An answer of the server: a skeleton after 300 ms of waiting, a failure, or the content.
 * @param {{of: {state: import("@preact/signals").ReadonlySignal<import("../resource.js").Asked<any>>,
 *   load: () => unknown}, skeleton?: any, children: (data: any) => any, failed?: (error: any) => any}} props
 */
export function Loaded({ of, skeleton, children, failed }) {
  const { data, error, slow } = of.state.value;
  if (error) return failed?.(error) ?? html`<${Failure} error=${error} retry=${of.load} />`;
  if (data !== null) return children(data);
  return html`<div aria-busy="true" data-testid="loading">
    <span class="visually-hidden" role="status">${slow ? "Loading…" : ""}</span>
    ${slow && (skeleton ?? html`<${Skeleton} lines=${4} />`)}
  </div>`;
}

/** @param {{lines: number}} props */
function Skeleton({ lines }) {
  return html`<div class="skeleton" aria-hidden="true">
    ${Array.from({ length: lines }, (_, index) => html`<span key=${index} class="skeleton-part"></span>`)}
  </div>`;
}

/**
 * The tabs of a page, chosen by the fragment of the address.
 * @param {{label: string, tabs: [string, string][], current: string}} props
 */
export function Tabs({ label, tabs, current }) {
  return html`<nav class="tabs" aria-label=${label}>
    ${tabs.map(
      ([name, text]) => html`<a key=${name} href=${`#${name}`} aria-current=${name === current ? "true" : undefined}
          data-testid=${`tab-${name}`}>${text}</a>`,
    )}
  </nav>`;
}

/** @param {{title: string, lead?: any, children?: any}} props */
export function PageHead({ title, lead, children }) {
  return html`<div class="page-head">
    <div><h1>${title}</h1>${lead && html`<p class="quiet">${lead}</p>`}</div>
    ${children && html`<div class="row row-wrap">${children}</div>`}
  </div>`;
}
