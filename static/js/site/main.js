// Starts a page of the site: loads the view of the address while it asks who is signed in, and draws it into the shell.

import { html, render } from "htm/preact";
import { begin, say } from "./page-state.js";
import { routeOf } from "./routes.js";
import { Shell } from "./views/shell.js";

/** @type {Record<import("./routes.js").PageName, () => Promise<{Page: any}>>} */
const VIEWS = {
  catalogue: () => import("./views/catalogue.js"),
  class: () => import("./views/class-page.js"),
  mine: () => import("./views/mine.js"),
  teach: () => import("./views/teach.js"),
  edit: () => import("./views/edit.js"),
  admin: () => import("./views/admin.js"),
  login: () => import("./views/sign-in.js"),
  register: () => import("./views/sign-in.js"),
  forgot: () => import("./views/sign-in.js"),
  reset: () => import("./views/sign-in.js"),
  missing: () => import("./views/missing.js"),
};

const { page, id } = routeOf(location.pathname);
const root = /** @type {HTMLElement} */ (document.getElementById("app"));

/** @param {any} [Page] */
function draw(Page) {
  render(html`<${Shell} page=${page}>${Page && html`<${Page} id=${id} page=${page} />`}<//>`, root);
}

begin();
draw();
addEventListener("pageshow", (event) => event.persisted && location.reload());
VIEWS[page]().then(
  ({ Page }) => draw(Page),
  () => say("This page could not be loaded. Check your connection and reload.", "danger"),
);
