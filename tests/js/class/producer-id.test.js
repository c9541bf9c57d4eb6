import assert from "node:assert/strict";
import { test } from "node:test";
import { producerId, producerParts } from "../../../static/js/class/producer-id.js";

test("an id comes apart as it was put together, also when the participant's id has a colon", () => {
  for (const participant of ["p-1", "u:7"]) {
    for (const source of ["camera", "screen-audio"]) {
      assert.deepEqual(producerParts(producerId(participant, source)), { participant, source });
    }
  }
});
