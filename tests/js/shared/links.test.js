import assert from "node:assert/strict";
import { test } from "node:test";
import { classAddress, registerPath, signInPath } from "../../../static/js/shared/links.js";

test("a pasted link opens its class here, anything else does not", () => {
  const here = "https://class.example";
  assert.equal(classAddress(" https://other.example/class/demo?t=a.b.c&x=1 ", here), "/class/demo?t=a.b.c");
  assert.equal(classAddress("/class/demo/?t=a+b", here), "/class/demo?t=a%20b");
  for (const odd of [
    "",
    "demo",
    "/class/demo",
    "/class/?t=x",
    "/class/a b?t=x",
    "javascript:alert(1)",
    "https://x/klass/demo?t=1",
    "http://[",
  ]) {
    assert.equal(classAddress(odd, here), null, odd);
  }
});

test("signing in and registering lead back to where a person was", () => {
  assert.equal(signInPath("/classes/a?b=c"), "/login?next=%2Fclasses%2Fa%3Fb%3Dc");
  assert.equal(registerPath("/me#receipts"), "/register?next=%2Fme%23receipts");
});
