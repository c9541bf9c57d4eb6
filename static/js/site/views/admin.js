// The administration: totals, orders with their payments and refunds, accounts. Teachers see those of their own
// classes.

import { html } from "htm/preact";
import { isA } from "../page-state.js";
import { ForRoles } from "./guard.js";
import { useTab, useTitle } from "./hooks.js";
import { Orders } from "./orders.js";
import { PageHead, Tabs } from "./parts.js";
import { Totals } from "./totals.js";
import { Users } from "./users.js";

/** @type {Record<string, any>} */
const VIEWS = { totals: Totals, orders: Orders, users: Users };

function Desk() {
  /** @type {[string, string][]} */
  const tabs = [
    ["totals", "Totals"],
    ["orders", "Orders"],
    ...(isA("admin") ? [/** @type {[string, string]} */ (["users", "Users"])] : []),
  ];
  const tab = useTab(tabs.map(([name]) => name));
  const title = isA("admin") ? "Admin" : "Payments";
  useTitle(title);
  return html`
    <${PageHead} title=${title} lead=${isA("admin") ? null : "The payments of your own classes."} />
    <${Tabs} label=${title} tabs=${tabs} current=${tab} />
    <${VIEWS[tab]} />
  `;
}

export function Page() {
  return html`<${ForRoles} roles=${["teacher", "admin"]}><${Desk} /><//>`;
}
