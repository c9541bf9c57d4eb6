// The colour scheme of the class page: as the system says, until a person chooses.

import { effect, signal } from "@preact/signals";
import { keepPreferences, preferences } from "./memory.js";

/** "dark", "light", or null: as the system says. */
const theme = signal(preferences().theme ?? null);

effect(() => {
  if (!theme.value) return;
  document.documentElement.dataset.theme = theme.value;
  keepPreferences({ theme: theme.value });
});

export function toggleTheme() {
  const light = matchMedia("(prefers-color-scheme: light)").matches;
  const current = theme.value ?? (light ? "light" : "dark");
  theme.value = current === "dark" ? "light" : "dark";
}
