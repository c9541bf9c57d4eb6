// The landing page's one field: a pasted class link opens the class.

import { classAddress } from "../shared/links.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("join"));
const field = /** @type {HTMLInputElement} */ (document.getElementById("link"));
const complaint = /** @type {HTMLElement} */ (document.getElementById("link-error"));

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const address = classAddress(field.value, location.origin);
  complaint.textContent = address ? "" : "This is not a class link. A class link contains /class/ and ?t=…";
  field.setAttribute("aria-invalid", String(!address));
  if (address) location.assign(address);
});
