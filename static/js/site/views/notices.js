// The notices about a person's payments and classes; a notice that was shown counts as read.

import { html } from "htm/preact";
import { useEffect } from "preact/hooks";
import { get, post } from "../../shared/api.js";
import { Icon } from "../../ui/icon.js";
import { me, now } from "../page-state.js";
import { ago } from "../times.js";
import { useAsked } from "./hooks.js";
import { Empty, Loaded } from "./parts.js";

/** @typedef {import("../api-types.js").ListOf<import("../api-types.js").AccountNotice>} FoundNotices */

async function readAll() {
  await post("/api/me/notices/read").catch(() => {});
  await me.load({ quiet: true });
}

/** @param {{items: import("../api-types.js").AccountNotice[]}} props */
function Items({ items }) {
  useEffect(() => {
    if (items.some(({ readAt }) => !readAt)) void readAll();
  }, [items]);
  if (items.length === 0)
    return html`<${Empty} icon="bell" title="No notices">
      <p>Notices about payments, refunds and changes of your classes appear here.</p>
    <//>`;
  return html`<ul class="notices">
    ${items.map(
      ({ id, kind, text, classId, createdAt, readAt }) => html`<li key=${id} data-new=${!readAt} data-testid="notice">
        <${Icon} name=${/refund|fail|cancel/.test(kind) ? "circle-alert" : "info"} />
        <div>
          <p>${text}</p>
          <p class="quiet small">
            ${ago(createdAt, now.value)}
            ${classId && html` · <a href=${`/classes/${classId}`}>To the class</a>`}
          </p>
        </div>
      </li>`,
    )}
  </ul>`;
}

export function Notices() {
  const asked = useAsked(/** @returns {Promise<FoundNotices>} */ () => get("/api/me/notices?limit=100"));
  return html`<${Loaded} of=${asked}>
    ${(/** @type {FoundNotices} */ { items }) => html`<${Items} items=${items} />`}
  <//>`;
}
