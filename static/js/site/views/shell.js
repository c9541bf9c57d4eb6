// The frame of every page: the header with navigation and account, the last message, menu and dialog.

import { html } from "htm/preact";
import { registerPath, signInPath } from "../../shared/links.js";
import { Avatar } from "../../ui/avatar.js";
import { DialogHost } from "../../ui/dialog.js";
import { Icon } from "../../ui/icon.js";
import { MenuHost, openMenu } from "../../ui/menu.js";
import { Toast } from "../../ui/toast.js";
import { account, isA, isKnown, said, signOut, unreadNotices } from "../page-state.js";

const SHOWN_MS = 7000;

/** @typedef {{label: string, path: string, pages: string[], icon: string}} Place */

/** The pages that this person may open. @returns {Place[]} */
function places() {
  /** @type {Place[]} */
  const all = [{ label: "Classes", path: "/classes", pages: ["catalogue", "class"], icon: "search" }];
  if (account.value) all.push({ label: "My classes", path: "/me", pages: ["mine"], icon: "graduation-cap" });
  if (isA("teacher", "admin"))
    all.push(
      { label: "Teach", path: "/teach", pages: ["teach", "edit"], icon: "video" },
      { label: isA("admin") ? "Admin" : "Payments", path: "/admin", pages: ["admin"], icon: "indian-rupee" },
    );
  return all;
}

/** @param {HTMLElement} anchor */
function openAccount(anchor) {
  const go = (/** @type {string} */ path) => () => location.assign(path);
  openMenu(anchor, "Your account", [
    { label: account.value?.name ?? "", heading: true },
    ...places().map(({ label, path, icon }) => ({ label, icon, run: go(path) })),
    { label: "Receipts", icon: "receipt-text", run: go("/me#receipts") },
    { label: "Account", icon: "user", run: go("/me#account") },
    { label: "Sign out", icon: "log-out", run: signOut },
  ]);
}

function AccountArea() {
  if (!isKnown.value) return html`<div class="site-account"></div>`;
  if (!account.value) {
    const here = location.pathname.startsWith("/login") ? "/classes" : location.pathname + location.search;
    return html`<div class="site-account">
      <a class="button button-quiet site-register" href=${registerPath(here)}>Register</a>
      <a class="button button-primary" href=${signInPath(here)} data-testid="sign-in">Sign in</a>
    </div>`;
  }
  const { name } = account.value;
  const notices = unreadNotices.value ? `Notices, ${unreadNotices.value} unread` : "Notices";
  return html`<div class="site-account">
    <a class="icon-button" href="/me#notices" aria-label=${notices} data-testid="notices-link">
      <${Icon} name="bell" />
      ${unreadNotices.value > 0 && html`<span class="badge" aria-hidden="true">${unreadNotices.value}</span>`}
    </a>
    <button type="button" class="account-button" aria-haspopup="menu" aria-label=${`Your account, ${name}`}
        data-testid="account-button" onClick=${(/** @type {any} */ event) => openAccount(event.currentTarget)}>
      <${Avatar} name=${name} size="small" />
    </button>
  </div>`;
}

/** @param {{page: string}} props */
function Header({ page }) {
  return html`<header class="site-header">
    <div class="site-header-in">
      <a class="site-brand" href="/classes"><img src="/static/icon.svg" alt="" width="32" height="32" />liveclass</a>
      <nav class="site-nav" aria-label="Main">
        ${places().map(
          ({ label, path, pages }) => html`<a key=${path} href=${path}
              aria-current=${pages.includes(page) ? "page" : undefined}>${label}</a>`,
        )}
      </nav>
      <${AccountArea} />
    </div>
  </header>`;
}

/** The last message, read aloud because its frame is a live region. */
function Said() {
  const message = said.value;
  return html`<div class="toasts site-toasts" role="status" aria-live="polite">
    ${
      message &&
      html`<${Toast} key=${message.id} text=${message.text} kind=${message.kind} ms=${SHOWN_MS}
          icon=${message.kind === "danger" ? "circle-alert" : "check"} close=${() => (said.value = null)} />`
    }
  </div>`;
}

/** @param {{page: string, children?: any}} props */
export function Shell({ page, children }) {
  return html`
    <a class="skip-link" href="#main">Skip to the content</a>
    <${Header} page=${page} />
    <main id="main" class="site-main" tabindex="-1" data-page=${page}>${children}</main>
    <${Said} />
    <${MenuHost} />
    <${DialogHost} />
  `;
}
