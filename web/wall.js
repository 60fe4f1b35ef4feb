// What comes of a request, beside the form: progress, pictures or a refusal.

import { running } from "./api.js";
import { defaultModel, modelOf } from "./catalog.js";
import { fill, h, say } from "./dom.js";
import { countDown, drawn } from "./drawing.js";
import { showProblem } from "./fields.js";
import { follow } from "./trace.js";

const EXAMPLES = [
  "a lighthouse at dusk",
  "seven herons over a slow river",
  "the night train to Trieste",
];

// The answer to the last request, if it was for several pictures: one comes back to it from each.
let lastSeveral = null;

/** Sends a request, and shows what comes of it. */
export async function send(room, sent) {
  const { wall, signal, board, button } = room;
  const model = modelOf(room.catalog, sent.request.model) ?? defaultModel(room.catalog);
  const stopped = new AbortController();
  signal.addEventListener("abort", () => stopped.abort());
  button.disabled = true;
  lastSeveral = null;
  if (wall.getBoundingClientRect().top > innerHeight / 3) wall.scrollIntoView();
  const shown = progress(wall, sent.request.prompt, model, () => stopped.abort());
  if (room.config.local) watch(sent.key, shown.machine, stopped.signal).catch(() => {});
  try {
    const answer = await drawn(
      sent,
      (after, why) =>
        countDown(
          after,
          (left) => shown.note(`${why.message} Looking again in ${left} s.`),
          stopped.signal,
        ),
      stopped.signal,
    );
    say(answer.reused ? "It was there already: nothing was paid." : "");
    if (answer.pictures) several(wall, (lastSeveral = answer));
    else location.hash = `#/picture/${answer.id}`;
  } catch (error) {
    if (signal.aborted) return;
    if (error.name === "AbortError") rest(room);
    else refused(room, error, sent);
  } finally {
    stopped.abort();
    shown.end();
    button.disabled = false;
    if (!signal.aborted) board?.reset();
  }
}

/** Shows how long it takes against what the model usually takes. */
function progress(wall, prompt, model, stop) {
  const began = performance.now();
  const bar = h("progress", { max: model.usual_seconds, "aria-label": "Time that it takes" });
  const time = h("span", { class: "time" });
  const note = h("p", { class: "note", role: "status" });
  const machine = h("div", { class: "machine" });
  const tick = () => {
    const spent = (performance.now() - began) / 1000;
    bar.value = Math.min(spent, model.usual_seconds);
    time.textContent = `${spent.toFixed(1)} s of usually ${model.usual_seconds} s`;
  };
  const timer = setInterval(tick, 100);
  tick();
  fill(
    wall,
    h(
      "div",
      { class: "drawing" },
      h("p", { class: "working-title" }, prompt),
      bar,
      h(
        "p",
        { class: "hint" },
        time,
        " ",
        h("button", { type: "button", class: "quiet", onclick: stop }, "Do not wait"),
      ),
      note,
      machine,
    ),
  );
  return { machine, note: (text) => (note.textContent = text), end: () => clearInterval(timer) };
}

/** Draws what the execution is doing, as soon as there is one. */
async function watch(key, room, signal) {
  while (!signal.aborted) {
    const found = await running(key).catch(() => ({}));
    if (found.execution_arn) return follow(room, found.execution_arn, signal);
    await new Promise((done) => setTimeout(done, 150));
  }
}

/** Shows a refusal: at its field, where it has one, and what can be done. */
function refused(room, error, sent) {
  const { form, wall } = room;
  const text = form.querySelector("#refused");
  const atField = showProblem(form, error.param, error.message);
  text.hidden = atField;
  text.textContent = atField ? "" : error.message;
  fill(
    wall,
    h(
      "div",
      { class: "empty refusal" },
      h("p", { class: "code" }, `${error.status || ""} ${error.code ?? ""}`),
      h("p", { class: "working-title" }, error.message),
      h(
        "p",
        {},
        h(
          "button",
          { type: "button", class: "quiet", onclick: () => send(room, sent) },
          error.after ? `Send it again, in ${error.after} s or later` : "Send it again",
        ),
        " ",
        error.execution &&
          h("a", { href: `#/trace/${error.execution}` }, "What happened: its trace"),
      ),
    ),
  );
}

/** Shows several pictures, and what became of those that were not drawn. */
function several(wall, { pictures, failed, execution_arn }) {
  fill(
    wall,
    h(
      "div",
      { class: "several" },
      pictures.map((each) =>
        h(
          "a",
          { class: "frame", href: `#/picture/${each.id}` },
          h("img", {
            src: each.image_url,
            alt: `Seed ${each.seed}`,
            width: each.width,
            height: each.height,
          }),
          h("span", { class: "hint" }, `seed ${each.seed}`),
        ),
      ),
      failed.map((each) =>
        h(
          "div",
          { class: "empty refusal" },
          h("p", { class: "code" }, `seed ${each.seed} · ${each.status} ${each.error.code}`),
          h("p", {}, each.error.message),
        ),
      ),
    ),
    h("p", {}, h("a", { href: `#/trace/${execution_arn}` }, "How they were drawn: the trace")),
  );
}

/** Shows what there is while nothing is drawn: a file that was recalled, what came last, or a few
 * examples. */
export function rest(room) {
  const { form, wall, recalledFile } = room;
  if (recalledFile) {
    const url = URL.createObjectURL(recalledFile);
    fill(
      wall,
      h(
        "figure",
        { class: "frame" },
        h("img", {
          src: url,
          alt: "The file whose recipe is in the form",
          onload: () => URL.revokeObjectURL(url),
        }),
        h("figcaption", {}, `Its recipe is in the form. ${recalledFile.name}`),
      ),
    );
    return;
  }
  if (lastSeveral) {
    several(wall, lastSeveral);
    return;
  }
  const file = h("input", {
    type: "file",
    id: "file",
    class: "unseen",
    accept: "image/png,image/jpeg",
    onchange: () => dispatchEvent(new CustomEvent("recall", { detail: file.files[0] })),
  });
  fill(
    wall,
    h(
      "div",
      { class: "empty" },
      h("p", { class: "working-title" }, "An empty wall."),
      h("p", {}, "Write a prompt, or begin with one of these:"),
      h(
        "ul",
        {},
        EXAMPLES.map((example) =>
          h(
            "li",
            {},
            h(
              "button",
              {
                type: "button",
                class: "quiet",
                onclick: () => {
                  form.elements.prompt.value = example;
                  form.elements.prompt.dispatchEvent(new Event("input", { bubbles: true }));
                  form.elements.prompt.focus();
                },
              },
              example,
            ),
          ),
        ),
      ),
      h(
        "p",
        { class: "hint" },
        "Drop a picture that Easel drew anywhere, or ",
        h("label", { for: "file", class: "link" }, "choose its file"),
        file,
        ", and its recipe is in the form.",
      ),
    ),
  );
}
