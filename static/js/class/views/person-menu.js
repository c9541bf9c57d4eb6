// What one may do with a person: pin for all, keep order for those who teach.

import { ask } from "../../ui/dialog.js";
import { moderate, togglePin } from "../intents.js";
import { isStaff } from "../state.js";
import { hands, pinned, self } from "../store.js";

/** @typedef {import("../types.js").Participant} Participant */

/** @param {Participant} person @returns {import("../../ui/menu.js").MenuItem[]} */
export function personItems(person) {
  const producer = `${person.id}:camera`;
  const held = pinned.value === producer;
  const pin = {
    label: held ? "Unpin" : "Pin to the stage",
    icon: held ? "pin-off" : "pin",
    run: () => togglePin(producer),
  };
  const own = self.value?.id === person.id;
  if (!self.value?.can.moderate) return own ? [] : [pin];
  return own ? orderItems(person).slice(0, -1) : [pin, ...orderItems(person)];
}

/** @param {Participant} person @returns {import("../../ui/menu.js").MenuItem[]} */
function orderItems(person) {
  const remove = () =>
    ask({
      title: `Remove ${person.name}?`,
      text: isStaff(person.role)
        ? "They teach this class. They cannot come back until it ends."
        : "They cannot come back until the class ends.",
      confirm: "Remove",
      run: () => moderate("remove", person.id),
    });
  const items = [
    person.microphone && { label: "Mute", icon: "mic-off", run: () => moderate("mute", person.id) },
    person.camera && { label: "Turn camera off", icon: "video-off", run: () => moderate("stop-camera", person.id) },
    hands.value.includes(person.id) && {
      label: "Lower hand",
      icon: "hand",
      run: () => moderate("lower-hand", person.id),
    },
    { label: "Remove from class", icon: "user-x", danger: true, run: remove },
  ];
  return items.filter((item) => item !== false);
}
