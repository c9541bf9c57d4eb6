// The picture of a class: the teacher's, else a pattern of its title in its colour; and the field that chooses it.

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { colourIndex } from "../../shared/text.js";
import { Icon } from "../../ui/icon.js";
import { patternOf } from "../pattern.js";

const MOST_BYTES = 1_000_000;
const KINDS = ["image/jpeg", "image/png", "image/webp"];

/** @param {{title: string, url: string|null, eager?: boolean}} props */
export function Picture({ title, url, eager = false }) {
  const [broken, setBroken] = useState(false);
  if (url && !broken)
    return html`<div class="picture">
      <img src=${url} alt="" loading=${eager ? "eager" : "lazy"} decoding="async" onError=${() => setBroken(true)} />
    </div>`;
  return html`<div class=${`picture pattern colour-${colourIndex(title)}`} aria-hidden="true">
    <svg viewBox="0 0 160 100" preserveAspectRatio="xMidYMid slice">
      ${patternOf(title).map((path, tone) => html`<path key=${tone} class=${`tone-${tone}`} d=${path} />`)}
    </svg>
  </div>`;
}

/** @param {Blob|null} image an address of it, given back when it changes */
function useAddress(image) {
  const [address, setAddress] = useState(/** @type {string|null} */ (null));
  useEffect(() => {
    if (!image) return setAddress(null);
    const made = URL.createObjectURL(image);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [image]);
  return address;
}

/** @param {{title: string, url: string|null, image: Blob|null, choose: (image: Blob|null) => void}} props */
export function ImageField({ title, url, image, choose }) {
  const [fault, setFault] = useState("");
  const address = useAddress(image);
  const take = (/** @type {any} */ event) => {
    const file = /** @type {File|undefined} */ (event.target.files[0]);
    if (!file) return;
    if (!KINDS.includes(file.type)) return setFault("Choose a picture in JPEG, PNG or WebP format.");
    if (file.size > MOST_BYTES)
      return setFault(`Choose a picture of at most 1 MB; this one has ${(file.size / 1e6).toFixed(1)} MB.`);
    setFault("");
    choose(file);
  };
  return html`<div class="image-field">
    <${Picture} key=${address ?? url ?? ""} title=${title || "New class"} url=${address ?? url} />
    <div class="form-field">
      <span class="label" id="image-label">Picture</span>
      <label class="button image-button">
        <${Icon} name="image" />
        ${address || url ? "Choose another" : "Choose a picture"}
        <input class="visually-hidden" type="file" name="image" accept=${KINDS.join(",")} aria-labelledby="image-label"
            aria-describedby="image-note" onChange=${take} />
      </label>
      <p class=${fault ? "field-error" : "field-hint"} id="image-note" role=${fault ? "alert" : undefined}>
        ${fault || "16 : 10, up to 1 MB. Without a picture, a pattern is shown."}
      </p>
    </div>
  </div>`;
}
