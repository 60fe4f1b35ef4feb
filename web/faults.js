// The switchboard of faults: what the local stack is to do wrong, to watch what becomes of it.

import { faults, setFaults } from "./api.js";
import { fill, h, say } from "./dom.js";

const INVOKE = "InvokeModel";

const SWITCHES = [
  ["throttled twice", [{ at: INVOKE, kind: "ThrottlingException", times: 2 }]],
  ["filtered", [{ at: INVOKE, kind: "filtered", times: 1 }]],
  ["slow", [{ at: INVOKE, kind: "slow", times: 1, seconds: 6 }]],
  ["too slow", [{ at: INVOKE, kind: "slow", times: 1, seconds: 24 }]],
  ["another picture", [{ at: INVOKE, kind: "drift", times: 1 }]],
  ["S3 down", [{ at: "PutObject", kind: "SlowDown", times: 20 }]],
  ["guardrail down", [{ at: "ApplyGuardrail", kind: "ServiceUnavailableException", times: 9 }]],
];

const isLeft = (fault, left) =>
  left.some(
    (each) =>
      each.at === fault.at && each.kind === fault.kind && each.seconds === (fault.seconds ?? 0),
  );

/** Returns the switches. `reset` turns off those that are on. */
export function switchboard() {
  const row = h("div", { class: "switches" });
  const board = h(
    "fieldset",
    { class: "field faults" },
    h("legend", {}, "Have something fail"),
    row,
    h(
      "p",
      { class: "hint" },
      "For the next request, on this machine alone. Its trace shows what came of it.",
    ),
  );
  const show = ({ faults: left }) =>
    fill(
      row,
      SWITCHES.map(([name, plan]) =>
        h(
          "label",
          {},
          h("input", {
            type: "checkbox",
            name: "fault",
            value: name,
            checked: isLeft(plan[0], left),
            onchange: put,
          }),
          h("span", { class: "face" }, name),
        ),
      ),
    );
  function put() {
    const on = new Set([...row.querySelectorAll(":checked")].map((each) => each.value));
    const plan = SWITCHES.filter(([name]) => on.has(name)).flatMap(([, each]) => each);
    return setFaults(plan).catch((error) => say(error.message));
  }
  board.reset = () => {
    if (row.querySelector(":checked")) setFaults([]).then(show, (error) => say(error.message));
  };
  faults().then(show, () => (board.hidden = true));
  return board;
}
