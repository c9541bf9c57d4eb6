// The page of an address that does not exist.

import { html } from "htm/preact";
import { useTitle } from "./hooks.js";
import { Empty } from "./parts.js";

export function Page() {
  useTitle("Not found");
  return html`<${Empty} icon="search" title="This page does not exist">
    <p>The address may be mistyped, or the page was removed.</p>
    <a class="button button-primary" href="/classes">See all classes</a>
  <//>`;
}
