// A dialog that asks one question, before a step that cannot be undone.

import { signal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";

const question = signal(
  /** @type {{title: string, text: string, confirm: string, keep?: string, run: () => unknown}|null} */ (null),
);

/** @param {NonNullable<typeof question.value>} asked */
export function ask(asked) {
  question.value = asked;
}

export function DialogHost() {
  const dialog = useRef(/** @type {HTMLDialogElement|null} */ (null));
  const current = question.value;
  useEffect(() => {
    if (current) dialog.current?.showModal();
  }, [current]);
  if (!current) return null;
  const close = () => (question.value = null);
  const confirm = () => {
    close();
    current.run();
  };
  return html`<dialog ref=${dialog} class="dialog" aria-labelledby="dialog-title" onClose=${close}>
    <h2 id="dialog-title">${current.title}</h2>
    <p>${current.text}</p>
    <div class="row row-end">
      <button type="button" class="button" onClick=${close}>${current.keep ?? "Cancel"}</button>
      <button type="button" class="button button-danger" data-testid="dialog-confirm" onClick=${confirm}>
        ${current.confirm}
      </button>
    </div>
  </dialog>`;
}
