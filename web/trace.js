// What an execution did: its way through the state machine, its timeline, and each state's data.

import { trace } from "./api.js";
import { facts, fill, h, seconds } from "./dom.js";
import { graph } from "./graph.js";

const POLL_MS = 400;
// The log of a deployed execution arrives some seconds late.
const LATE_MS = 3000;
const LATE_POLLS = 10;

const FAILED = /^(FAILED|TIMED_OUT|ABORTED)$/;

/** Shows an execution, and follows it while it runs. */
export async function traced(main, context) {
  const arn = context.argument;
  const head = h("header", { class: "trace-head" });
  const drawing = h("section", { class: "machine", "aria-label": "State machine" });
  const timeline = h("section", { class: "timeline", "aria-label": "Timeline" });
  const detail = h("section", { class: "detail", "aria-label": "State" });
  fill(main, head, h("div", { class: "trace-body" }, drawing, h("div", {}, timeline, detail)));
  fill(head, h("h1", {}, "Trace"), h("p", { class: "hint" }, "Looking …"));

  let chosen = null;
  let shown = null;
  let described = "";
  let machine = null;
  const select = (index) => {
    chosen = index;
    render();
  };
  const render = () => {
    const index = chosen ?? lastOf(shown.states);
    const focused = [...timeline.querySelectorAll(".row")].indexOf(document.activeElement);
    const each = shown.states[index];
    machine.update(shown.states, each?.name);
    fill(timeline, rows(shown, index, select));
    timeline.querySelectorAll(".row")[focused]?.focus();
    // What is being read stays until there is more to say.
    const known = String([index, each?.attempts.length, each?.failed, each?.left, each?.over]);
    if (known !== described) fill(detail, state(shown, each));
    described = known;
  };
  for await (const found of updates(arn, context.query.get("since"), context.signal, (text) =>
    fill(head, h("h1", {}, "Trace"), h("p", { class: "hint" }, text)),
  )) {
    shown = found;
    if (machine === null) {
      machine = graph(found.definition, (name) => {
        const index = shown.states.findLastIndex((each) => each.name === name);
        if (index >= 0) select(index);
      });
      fill(drawing, machine.svg);
    }
    fill(head, heading(found, context.config));
    render();
  }
}

/** Draws the state machine of an execution into an element, live. */
export async function follow(element, arn, signal) {
  let machine = null;
  for await (const found of updates(arn, null, signal)) {
    if (machine === null) {
      machine = graph(found.definition);
      fill(element, machine.svg, h("p", {}, h("a", { href: `#/trace/${arn}` }, "Watch its trace")));
    }
    machine.update(found.states, null);
  }
}

/** Yields an execution's trace again and again, until it has ended. */
export async function* updates(arn, since, signal, tell = () => {}) {
  for (let late = 0; !signal.aborted;) {
    let wait = POLL_MS;
    try {
      const found = await trace(arn, since);
      if (signal.aborted) return;
      yield understood(found);
      if (found.status !== "RUNNING") return;
    } catch (error) {
      if (error.status !== 404 || !arn.includes(":express:") || late >= LATE_POLLS) throw error;
      late += 1;
      tell(`${error.message} Looking again.`);
      wait = LATE_MS;
    }
    await new Promise((done) => setTimeout(done, wait));
  }
}

/** Adds to each state whether it failed, and how long a running one has been going on. */
function understood(found) {
  const running = found.status === "RUNNING";
  const now = Math.max(
    found.seconds,
    running ? (Date.now() - Date.parse(found.started_at)) / 1000 : 0,
  );
  for (const each of found.states) {
    each.over = !running;
    each.failed = Boolean(each.attempts.at(-1)?.error) || each.type === "Fail";
    if (running && !each.left) each.seconds = now - each.entered;
  }
  return { ...found, seconds: now };
}

const lastOf = (states) => {
  const failed = states.findLastIndex((each) => each.failed && each.attempts.length > 0);
  return failed >= 0 ? failed : states.findLastIndex((each) => each.attempts.length > 0);
};

function heading(found, config) {
  const answer = found.answer
    ? [found.answer.status, found.answer.code].filter(Boolean).join(" ")
    : null;
  return [
    h("h1", {}, "Trace"),
    h(
      "p",
      { class: `outcome ${FAILED.test(found.status) ? "bad" : ""}`, role: "status" },
      found.status.toLowerCase().replace("_", " "),
      found.error && ` · ${found.error}`,
    ),
    facts([
      ["answer", answer],
      ["took", seconds(found.seconds)],
      ["started", new Date(found.started_at).toLocaleString()],
      ["execution", h("code", {}, found.execution_arn)],
    ]),
    pictureOf(found) &&
      h("p", {}, h("a", { href: `#/picture/${pictureOf(found)}` }, "The picture")),
    found.console_url &&
      h(
        "p",
        {},
        h("a", { href: found.console_url, rel: "noreferrer" }, "In the Step Functions console"),
      ),
    found.lacks_errors &&
      h(
        "p",
        { class: "hint" },
        "The workflow's log names no errors, as log_execution_data is off. The functions' logs do.",
      ),
  ];
}

/** Returns the id of the picture that an execution answered with, if its data is there. */
function pictureOf(found) {
  try {
    return JSON.parse(JSON.parse(found.states.at(-1).output).body).id;
  } catch {
    return null;
  }
}

/** Returns a button for each state that was visited, with its bar on a common scale. */
function rows(found, chosen, select) {
  const whole = found.seconds || 1;
  const place = (element, from, length) => {
    element.style.left = `${(100 * from) / whole}%`;
    element.style.width = `${Math.max(0.4, (100 * length) / whole)}%`;
    return element;
  };
  return h(
    "ol",
    {},
    found.states.map((each, index) => {
      const end = each.entered + each.seconds;
      const waits = each.attempts.slice(1).map((after, number) => {
        const before = each.attempts[number];
        return place(
          h("span", { class: "bar waiting" }),
          before.began + before.seconds,
          after.began - before.began - before.seconds,
        );
      });
      const attempts = each.attempts.map((attempt) =>
        place(
          h("span", { class: `bar ${attempt.error ? "bad" : ""}` }),
          attempt.began,
          attempt.seconds,
        ),
      );
      const kind =
        each.type === "Wait"
          ? "waiting"
          : each.type === "Task"
            ? "around"
            : each.failed
              ? "bad"
              : "plain";
      const name = h(
        "span",
        { class: "state-name" },
        each.name,
        each.iteration !== null && ` [${each.iteration}]`,
      );
      name.style.paddingInlineStart = `${each.depth}em`;
      return h(
        "li",
        {},
        h(
          "button",
          {
            type: "button",
            class: "row",
            "aria-pressed": String(index === chosen),
            onclick: () => select(index),
          },
          name,
          h("span", { class: "time" }, seconds(each.seconds)),
          h(
            "span",
            { class: "track" },
            place(h("span", { class: `bar ${kind}` }), each.entered, end - each.entered),
            waits,
            attempts,
          ),
          h("span", { class: each.failed ? "said bad" : "said" }, said(each)),
        ),
      );
    }),
  );
}

/** Says what failed, and how often it was tried. */
function said({ attempts, waits, type, seconds: spent }) {
  const errors = attempts.filter((each) => each.error).map((each) => each.error);
  if (type === "Wait") return `waits ${seconds(spent)} before it is tried again`;
  if (attempts.length > 1) {
    return `${attempts.length} attempts: ${errors.join(", ")}; waited ${waits.map(seconds).join(", ")}`;
  }
  return errors.join(", ");
}

/** Returns what is known of one visit of a state. */
function state(found, each) {
  if (!each) return null;
  const definition = definitionOf(found.definition, each.name);
  return [
    h("h2", {}, each.name, each.iteration !== null && ` [${each.iteration}]`),
    definition?.Comment && h("p", { class: "hint" }, definition.Comment),
    facts([
      ["type", each.type],
      ["entered", `+${seconds(each.entered)}`],
      ["took", each.left || each.over ? seconds(each.seconds) : null],
    ]),
    each.attempts.length > 0 &&
      h(
        "ol",
        { class: "attempts" },
        each.attempts.map((attempt, number) => [
          h(
            "li",
            { class: attempt.error ? "bad" : "" },
            `Attempt ${number + 1}: `,
            attempt.error || each.left
              ? `${attempt.error ?? "succeeded"} after ${seconds(attempt.seconds)}`
              : "running",
            attempt.reason && h("p", { class: "reason" }, attempt.reason),
          ),
          each.waits[number] !== undefined &&
            h("li", { class: "hint" }, `waited ${seconds(each.waits[number])}`),
        ]),
      ),
    data("Input", each.input),
    data("Output", each.output),
  ];
}

const data = (name, text) =>
  text &&
  h("details", { open: true }, h("summary", {}, name), h("pre", { tabindex: 0 }, pretty(text)));

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function definitionOf(machine, name) {
  const inner = Object.values(machine.States)
    .map((each) => each.ItemProcessor)
    .filter(Boolean);
  return machine.States[name] ?? inner.map((each) => definitionOf(each, name)).find(Boolean);
}
