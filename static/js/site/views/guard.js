// Guards of pages that only some accounts may see.

import { html } from "htm/preact";
import { useEffect } from "preact/hooks";
import { account, isA, me, needAccount } from "../page-state.js";
import { Empty, Loaded } from "./parts.js";

/** Draws its children for an account; a visitor is sent to the sign-in page. @param {{children?: any}} props */
export function SignedIn({ children }) {
  useEffect(needAccount, []);
  if (account.value) return children;
  return me.state.value.error ? html`<${Loaded} of=${me}>${() => null}<//>` : null;
}

/** Draws its children for accounts of these roles. @param {{roles: string[], children?: any}} props */
export function ForRoles({ roles, children }) {
  return html`<${SignedIn}>${isA(...roles) ? children : html`<${NotForYou} />`}<//>`;
}

function NotForYou() {
  return html`<${Empty} icon="lock" title="This page is for teachers">
    <p>You are signed in as ${account.value?.name}. If you teach here, ask the administrator to make you a teacher.</p>
    <a class="button button-primary" href="/classes">See all classes</a>
  <//>`;
}
