// An address that is no page.

import { html } from "htm/preact";
import { useTitle } from "./hooks.js";
import { Empty } from "./parts.js";

export function Page() {
  useTitle("Not found");
  return html`<${Empty} icon="search" title="There is no such page">
    <p>The address may be mistyped, or the page is gone.</p>
    <a class="button button-primary" href="/classes">See all classes</a>
  <//>`;
}
