// Hooks of the site's views: the page's title, the tab of the address, an answer of the server, a form that is sent.

import { signal } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";
import { asApiError } from "../../shared/api.js";
import { whileVisible } from "../page-state.js";
import { resource } from "../resource.js";

const hash = signal(location.hash.slice(1));
addEventListener("hashchange", () => (hash.value = location.hash.slice(1)));

/** @param {string[]} names the first is the default */
export function useTab(names) {
  return names.includes(hash.value) ? hash.value : names[0];
}

/** @param {string} title */
export function useTitle(title) {
  useEffect(() => void (document.title = title ? `${title} · liveclass` : "liveclass"), [title]);
}

/**
 * Asks the server when the view appears, and again when one of `inputs` changes.
 * @template T @param {() => Promise<T>} ask @param {any[]} [inputs]
 */
export function useAsked(ask, inputs = []) {
  const asked = useMemo(() => resource(ask), inputs);
  useEffect(() => void asked.load(), [asked]);
  return asked;
}

/**
 * Asks again every `ms` while the page is visible; a failure then leaves what is shown.
 * @template T @param {() => Promise<T>} ask @param {number} ms @param {any[]} [inputs]
 */
export function usePolled(ask, ms, inputs = []) {
  const asked = useAsked(ask, inputs);
  useEffect(() => whileVisible(() => void asked.load({ quiet: true }), ms), [asked]);
  return asked;
}

/** Runs one request at a time; its refusal is kept for the form. */
export function useSending() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {import("../../shared/api.js").ApiError|null} */ (null));
  /** @template T @param {() => Promise<T>} send @returns {Promise<T|undefined>} */
  const run = async (send) => {
    setBusy(true);
    setError(null);
    try {
      return await send();
    } catch (thrown) {
      setError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run, clear: () => setError(null) };
}

/** Puts the focus on the first field with a fault, once it is drawn. @param {string} [within] */
export function focusFault(within = "form") {
  requestAnimationFrame(() =>
    /** @type {HTMLElement|null} */ (document.querySelector(`${within} [aria-invalid="true"]`))?.focus(),
  );
}
