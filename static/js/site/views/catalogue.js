// The catalogue: all classes that can be joined or bought, with search and filter, the next one first.

import { html } from "htm/preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, withQuery } from "../../shared/api.js";
import { Icon } from "../../ui/icon.js";
import { inOrder, matching } from "../offer.js";
import { isA, now } from "../page-state.js";
import { resource } from "../resource.js";
import { Card, CardSkeletons } from "./card.js";
import { useSending, useTitle } from "./hooks.js";
import { Button, Empty, Loaded } from "./parts.js";

/** @typedef {import("../api-types.js").Class} Class */
/** @typedef {{search: string, items: Class[], next: string|null}} FoundClasses */

const PAUSE_MS = 250;
/** @type {["all"|"live"|"week"|"free", string][]} */
const FILTERS = [
  ["all", "All"],
  ["live", "Live now"],
  ["week", "This week"],
  ["free", "Free"],
];

/** @param {string} search @param {string|null} [cursor] */
const find = (search, cursor = null) => get(withQuery("/api/classes", { search, cursor, limit: 60 }));

/**
 * Keeps search and filter in the address, so that it can be reloaded and shared.
 * @param {string} search @param {string} only
 */
function keepAddress(search, only) {
  history.replaceState(null, "", withQuery(location.pathname, { search, only: only === "all" ? null : only }));
}

/** @param {{search: string, only: string, onSearch: (text: string) => void, onOnly: (name: any) => void}} props */
function Search({ search, only, onSearch, onOnly }) {
  return html`<form class="search" role="search" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
    <div class="search-field">
      <${Icon} name="search" />
      <input class="field" type="search" aria-label="Search classes" placeholder="Subject, title or teacher"
          autocomplete="off" value=${search} data-testid="search"
          onInput=${(/** @type {any} */ event) => onSearch(event.target.value)} />
    </div>
    <div class="filters" role="group" aria-label="Show">
      ${FILTERS.map(
        ([name, label]) => html`<button key=${name} type="button" class="filter" aria-pressed=${only === name}
            onClick=${() => onOnly(name)}>${label}</button>`,
      )}
    </div>
  </form>`;
}

/** @param {{search: string, clear: () => void}} props */
function Nothing({ search, clear }) {
  return html`<${Empty} icon="search" title=${search ? `Nothing matches “${search}”` : "No classes at the moment"}>
    <p>Try other words, or look at all classes.</p>
    <button type="button" class="button button-primary" onClick=${clear}>Show all classes</button>
  <//>`;
}

function NoClasses() {
  return html`<${Empty} icon="graduation-cap" title="No classes yet" testid="no-classes">
    <p>
      ${
        isA("teacher", "admin")
          ? "No class is published yet. Yours can be the first."
          : "No class is offered at the moment. If you have a link to a class, it opens without the catalogue."
      }
    </p>
    ${
      isA("teacher", "admin")
        ? html`<a class="button button-primary" href="/teach/new">Create a class</a>`
        : html`<a class="button button-primary" href="/">Paste a class link</a>`
    }
  <//>`;
}

/**
 * @param {{found: FoundClasses, search: string, only: any, clear: () => void, add: (found: FoundClasses) => void}}
 *   props
 */
function Results({ found, search, only, clear, add }) {
  const { busy, run } = useSending();
  const complete = found.search === "" && found.next === null;
  const classes = inOrder(matching(found.items, { search: complete ? search : "", only }, now.value));
  const more = () =>
    run(async () => {
      const { items, next } = await find(found.search, found.next);
      add({ ...found, items: [...found.items, ...items], next });
    });
  if (found.items.length === 0 && !found.next && !found.search && !search) return html`<${NoClasses} />`;
  return html`
    <p class="visually-hidden" role="status">${classes.length} ${classes.length === 1 ? "class" : "classes"}</p>
    ${
      classes.length === 0
        ? html`<${Nothing} search=${search} clear=${clear} />`
        : html`<div class="offers">
          ${classes.map((one, index) => html`<${Card} key=${one.id} class_=${one} eager=${index < 4} />`)}
        </div>`
    }
    ${found.next && html`<p class="more"><${Button} busy=${busy} onClick=${more}>Show more classes<//></p>`}
  `;
}

export function Page() {
  useTitle("Classes");
  const query = new URLSearchParams(location.search);
  const [search, setSearch] = useState(query.get("search") ?? "");
  const [only, setOnly] = useState(
    /** @type {any} */ (FILTERS.find(([name]) => name === query.get("only"))?.[0] ?? "all"),
  );
  const wanted = useRef("");
  const found = useMemo(
    () =>
      resource(
        /** @returns {Promise<FoundClasses>} */ async () => {
          const words = wanted.current;
          return { search: words, ...(await find(words)) };
        },
      ),
    [],
  );
  useEffect(() => void found.load(), []);
  useEffect(() => {
    keepAddress(search, only);
    const data = found.state.value.data;
    if (!data || search.trim() === data.search || (data.search === "" && data.next === null)) return;
    const timer = setTimeout(() => {
      wanted.current = search.trim();
      void found.load();
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [search, only]);
  const clear = () => {
    setSearch("");
    setOnly("all");
  };
  return html`
    <div class="catalogue-head">
      <h1>Learn live, with a teacher who sees you</h1>
      <p class="quiet">Small live classes. Pay once, join from your browser.</p>
    </div>
    <${Search} search=${search} only=${only} onSearch=${setSearch} onOnly=${setOnly} />
    <${Loaded} of=${found} skeleton=${html`<${CardSkeletons} />`}>
      ${(/** @type {FoundClasses} */ data) => html`<${Results} found=${data} search=${search.trim()} only=${only}
          clear=${clear} add=${found.set} />`}
    <//>
  `;
}
