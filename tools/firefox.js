// Drives Firefox for the browser tests: a line of JSON in is a call, a line of JSON out is its answer or an error of a
// page.
//
// node tools/firefox.js PROGRAM PREFERENCES    (both given by tests/browser/firefox.py)
//   in:  {"id": 1, "page": "Ben", "method": "goto", "args": ["http://…"]}
//   out: {"id": 1, "value": …} or {"id": 1, "error": "…"};  {"page": "Ben", "problem": "…"}
//
// The methods of a page are puppeteer's own. A page is opened by its first call, in a context of its own, and closed by
// "close".

import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const METHODS = /** @type {const} */ ([
  "goto",
  "reload",
  "evaluate",
  "click",
  "waitForSelector",
  "setViewport",
  "screenshot",
  "close",
]);

const [executablePath, preferences] = process.argv.slice(2);
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath,
  extraPrefsFirefox: JSON.parse(preferences),
  defaultViewport: { width: 1280, height: 720 },
});
/** @type {Map<string, Promise<import("puppeteer-core").Page>>} */
const pages = new Map();

/** @param {object} message */
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

/** @param {string} name */
async function open(name) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const complain = (/** @type {string} */ problem) => say({ page: name, problem });
  page.on("console", (line) => ["error", "warn"].includes(line.type()) && complain(`${line.type()}: ${line.text()}`));
  page.on("pageerror", (error) => complain(`uncaught: ${error instanceof Error ? error.message : error}`));
  page.on(
    "response",
    (response) => response.status() >= 400 && complain(`${response.status()} for ${response.url().split("?")[0]}`),
  );
  return page;
}

/** @param {string} name */
function pageOf(name) {
  const page = pages.get(name) ?? open(name);
  pages.set(name, page);
  return page;
}

/** @param {{page: string, method: string, args: any[]}} call */
async function run({ page: name, method, args }) {
  const known = METHODS.find((one) => one === method);
  if (!known) throw new Error(`no such method: ${method}`);
  const page = await pageOf(name);
  if (known === "close") pages.delete(name);
  const value = await /** @type {any} */ (page)[known](...args);
  return known === "evaluate" ? value : null;
}

say({ ready: await browser.version() });
for await (const line of createInterface({ input: process.stdin })) {
  const call = JSON.parse(line);
  run(call).then(
    (value) => say({ id: call.id, value: value ?? null }),
    (error) => say({ id: call.id, error: String(error) }),
  );
}
await browser.close();
