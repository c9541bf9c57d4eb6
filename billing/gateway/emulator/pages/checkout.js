// The emulator's checkout: window.Razorpay with the part of Razorpay's interface that the pages use, so that the same
// page code runs with both. No real money moves.

(() => {
  const base = new URL(".", /** @type {HTMLScriptElement} */ (document.currentScript).src);
  const STYLES = new URL("checkout.css", base).href;
  const WAYS = [
    { id: "sandbox-pay", method: "card", outcome: "success", label: "Pay by test card", hint: "Goes through" },
    { id: "sandbox-upi", method: "upi", outcome: "success", label: "Pay by test UPI", hint: "Goes through" },
    { id: "sandbox-slow", method: "upi", outcome: "slow", label: "Pay with a slow bank", hint: "Takes six seconds" },
    { id: "sandbox-fail", method: "card", outcome: "failure", label: "Use a declined card", hint: "Fails" },
  ];
  const TIMEOUT_MS = 20_000;
  const CLOSE = "Close without paying";
  const PAYING = "Paying…";
  const WAITING = "Waiting for the bank. If you close this window now, the payment still goes through.";
  const UNREACHABLE = "The sandbox could not be reached. Try again.";

  /** @param {string} tag @param {Record<string, string>} [attributes] @param {(Node|string)[]} [children] */
  function element(tag, attributes = {}, children = []) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  /** @param {number} amount in paise @param {string} currency */
  function readable(amount, currency) {
    const digits = amount % 100 ? 2 : 0;
    return new Intl.NumberFormat("en-IN", {
      style: "currency",
      currency,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(amount / 100);
  }

  function addStyles() {
    if (document.querySelector(`link[href="${STYLES}"]`)) return;
    document.head.append(element("link", { rel: "stylesheet", href: STYLES }));
  }

  class Razorpay {
    /** @type {Map<string, ((answer: any) => void)[]>} */
    #listeners = new Map();
    #options;
    /** @type {HTMLDialogElement} */
    #dialog;
    /** @type {HTMLElement} */
    #status;
    #busy = false;
    /** @type {HTMLElement} */
    #leave;

    /** @param {any} options as Razorpay's: key, order_id, amount, currency, name, description, handler, modal */
    constructor(options) {
      this.#options = options;
      this.#status = element("p", { class: "sandbox-status", role: "status" });
      this.#leave = element("button", { type: "button", class: "sandbox-leave", "data-testid": "sandbox-close" }, [
        CLOSE,
      ]);
      this.#leave.addEventListener("click", () => this.#dismiss());
      this.#dialog = /** @type {HTMLDialogElement} */ (
        element(
          "dialog",
          { class: "sandbox", "aria-labelledby": "sandbox-title", "aria-describedby": "sandbox-mark" },
          this.#contents(),
        )
      );
      this.#dialog.addEventListener("cancel", (event) => {
        event.preventDefault();
        this.#dismiss();
      });
    }

    #contents() {
      const { name, description, amount, currency } = this.#options;
      return [
        element("p", { id: "sandbox-mark", class: "sandbox-mark" }, ["Sandbox: no real money"]),
        element("h2", { id: "sandbox-title" }, [name ?? "Payment"]),
        element("p", { class: "sandbox-what" }, [description ?? ""]),
        element("p", { class: "sandbox-amount" }, [readable(amount, currency)]),
        element(
          "div",
          { class: "sandbox-ways" },
          WAYS.map((way) => this.#button(way)),
        ),
        this.#status,
        this.#leave,
      ];
    }

    /** @param {typeof WAYS[number]} way */
    #button(way) {
      const button = element("button", { type: "button", class: "sandbox-way", "data-testid": way.id }, [
        element("span", {}, [way.label]),
        element("small", {}, [way.hint]),
      ]);
      button.addEventListener("click", () => {
        if (!this.#busy) this.#pay(way);
      });
      return button;
    }

    /** @param {string} event @param {(answer: any) => void} listener */
    on(event, listener) {
      this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    }

    open() {
      addStyles();
      document.body.append(this.#dialog);
      this.#dialog.showModal();
    }

    /** Closes the dialog. A payment under way goes on, but the dialog no longer reports it to the page. */
    close() {
      if (!this.#dialog.isConnected) return;
      this.#dialog.close();
      this.#dialog.remove();
      this.#options.modal?.ondismiss?.();
    }

    #dismiss() {
      if (this.#leave.getAttribute("aria-disabled") !== "true") this.close();
    }

    /**
     * Marks the buttons that cannot be pressed with aria-disabled, not disabled: the focus must stay where it is.
     * @param {boolean} busy @param {string} text @param {boolean} [closable]
     */
    #show(busy, text, closable = !busy) {
      this.#busy = busy;
      for (const button of this.#dialog.querySelectorAll(".sandbox-way"))
        button.setAttribute("aria-disabled", String(busy));
      this.#leave.setAttribute("aria-disabled", String(!closable));
      this.#leave.textContent = busy ? "Close" : CLOSE;
      this.#status.textContent = text;
    }

    /** @param {typeof WAYS[number]} way */
    async #pay(way) {
      const slow = way.outcome === "slow";
      this.#show(true, slow ? WAITING : PAYING, slow);
      const body = { order_id: this.#options.order_id, method: way.method, outcome: way.outcome };
      let response, answer;
      try {
        response = await fetch(new URL("checkout/pay", base), {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        answer = await response.json();
      } catch {
        this.#show(false, UNREACHABLE);
        return;
      }
      if (!this.#dialog.isConnected) return;
      if (response.ok) this.#succeed(answer);
      else this.#fail(answer);
    }

    /** @param {any} answer */
    #succeed(answer) {
      this.#dialog.close();
      this.#dialog.remove();
      this.#options.handler?.(answer);
    }

    /** @param {any} answer */
    #fail(answer) {
      this.#show(false, answer?.error?.description ?? UNREACHABLE);
      for (const listener of this.#listeners.get("payment.failed") ?? []) listener(answer);
    }
  }

  /** @type {any} */ (window).Razorpay = Razorpay;
})();
