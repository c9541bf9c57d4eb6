// Starts the class page: takes the token out of the address, draws the page, and wires the browser's events to intents.

import { html, render } from "htm/preact";
import { startAlerts } from "./alerts.js";
import { wakeAudio } from "./devices.js";
import * as intents from "./intents.js";
import { joinTokenFor } from "./join-token.js";
import { listenForKeys } from "./keys.js";
import { classMemory } from "./memory.js";
import { readStats } from "./stats.js";
import { state, visible } from "./store.js";
import { App } from "./views/app.js";

/** The token of the address (?t=…), which then lives in this tab's memory only. @param {string} classId */
function takeToken(classId) {
  const memory = classMemory(classId);
  const url = new URL(location.href);
  const given = url.searchParams.get("t");
  if (!given) return memory.read().token ?? "";
  url.searchParams.delete("t");
  history.replaceState(null, "", url);
  const same = memory.read().token === given;
  memory.keep(same ? { token: given } : { token: given, resume: null, inClass: false });
  return given;
}

function listenToBrowser() {
  addEventListener("pagehide", () => intents.session?.pause());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  addEventListener("online", () => {
    intents.reconnectNow();
    void intents.session?.peer?.restart();
  });
  const updateVisible = () => {
    visible.value = document.visibilityState === "visible" || Boolean(document.pictureInPictureElement);
    if (document.visibilityState === "visible") intents.reconnectNow();
  };
  document.addEventListener("visibilitychange", updateVisible);
  document.addEventListener("leavepictureinpicture", updateVisible, true);
  for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, wakeAudio, { passive: true });
}

/** `window.liveclass`, for diagnosis by hand and for the browser tests. */
const diagnostics = {
  state: () => JSON.parse(JSON.stringify(state.value)),
  stats: async () => {
    const peer = intents.session?.peer;
    return readStats(peer ? await peer.stats() : [], state.value.slots, peer?.state ?? "new");
  },
  get offers() {
    return intents.session?.offers ?? 0;
  },
  disconnectSocket: () => intents.session?.protocol.drop(),
};

const classId = decodeURIComponent(location.pathname.split("/")[2] ?? "");
Object.assign(window, { liveclass: diagnostics });
intents.open(classId, await joinTokenFor(classId, takeToken(classId), Date.now()));
const root = /** @type {HTMLElement} */ (document.getElementById("app"));
root.replaceChildren();
render(html`<${App} />`, root);
listenToBrowser();
listenForKeys();
startAlerts();
