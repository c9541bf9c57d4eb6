// The page's own devices: one LocalMedia for pre-join and class alike.

import { effect, signal } from "@preact/signals";
import { LocalMedia } from "./media.js";
import { keepPreferences, preferences } from "./memory.js";

export const media = new LocalMedia(preferences().devices ?? { microphone: null, camera: null, speaker: null });

/** "dark", "light", or null: as the system says. */
export const theme = signal(preferences().theme ?? null);

effect(() => keepPreferences({ devices: media.choice.value }));
effect(() => {
  if (!theme.value) return;
  document.documentElement.dataset.theme = theme.value;
  keepPreferences({ theme: theme.value });
});
