// The gateway's dialog in the page. Its script is loaded when it is first needed; its events become paid, failed and
// closed.

import { ApiError } from "../shared/api.js";
import { ownLocale } from "./times.js";

const LOAD_TIMEOUT_MS = 20_000;
const NOT_LOADED =
  "The payment window could not be loaded. Check your connection and any extension that may block it, " +
  "then try again. Nothing was charged.";

/** @type {Map<string, Promise<void>>} */
const loaded = new Map();

/** @param {string} address @returns {Promise<void>} */
function loadScript(address) {
  const known = loaded.get(address);
  if (known) return known;
  const loading = /** @type {Promise<void>} */ (
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      const fail = () => {
        script.remove();
        loaded.delete(address);
        reject(new ApiError(0, "no_checkout", NOT_LOADED));
      };
      const timer = setTimeout(fail, LOAD_TIMEOUT_MS);
      script.addEventListener("error", fail);
      script.addEventListener("load", () => {
        clearTimeout(timer);
        resolve();
      });
      script.src = address;
      document.head.append(script);
    })
  );
  loaded.set(address, loading);
  return loading;
}

/** The page's accent colour, for the gateway's dialog. */
function accent() {
  return getComputedStyle(document.documentElement).getPropertyValue("--accent-strong").trim() || "#5a43e0";
}

/**
 * @param {import("./api-types.js").Order} order
 * @param {{paid: (proof: import("./api-types.js").PaymentProof) => void, failed: (message: string|null) => void,
 *   closed: () => void}} on
 * @returns {Promise<() => void>} closes it
 */
export async function openDialog(order, on) {
  await loadScript(order.script);
  const { Razorpay } = /** @type {any} */ (window);
  if (!Razorpay) throw new ApiError(0, "no_checkout", NOT_LOADED);
  const dialog = new Razorpay({
    key: order.keyId,
    order_id: order.orderId,
    amount: order.amount,
    currency: order.currency,
    name: order.name,
    description: order.description === order.name ? undefined : order.description,
    prefill: order.prefill,
    theme: { color: accent() },
    config: { display: { language: ownLocale().slice(0, 2) } },
    handler: on.paid,
    modal: { ondismiss: on.closed, confirm_close: true },
  });
  dialog.on("payment.failed", (/** @type {any} */ answer) => on.failed(answer?.error?.description ?? null));
  dialog.open();
  return () => dialog.close?.();
}
