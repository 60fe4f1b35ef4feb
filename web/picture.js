// One picture: large, with its recipe beside it, and what can be done with both.

import { show } from "./api.js";
import * as code from "./code.js";
import { modelOf } from "./catalog.js";
import { recall } from "./compose.js";
import { copyButton, dollars, facts, fill, h, shortModel, words } from "./dom.js";
import { countDown, drawn, pending } from "./drawing.js";

const VERDICTS = {
  identical_bytes: "The same, byte for byte",
  identical_pixels: "The same pixels, in another file",
  different: "A different picture: the model has changed",
};

export async function picture(main, context) {
  const id = context.argument;
  const { manifest, image_url } = await show(id);
  const first = manifest.rerun_of && (await show(manifest.rerun_of.id).catch(() => null));
  if (context.signal.aborted) return;
  const aside = h("aside", { class: "placard", "aria-label": "About it" });
  const art =
    image_url === null
      ? h(
          "div",
          { class: "empty" },
          h("p", {}, "Its file is gone: the guardrail blocked it, or it was deleted."),
        )
      : first?.image_url
        ? slider(first.image_url, image_url, manifest)
        : h(
            "figure",
            { class: "frame" },
            h("img", {
              src: image_url,
              alt: manifest.recipe.prompt,
              width: manifest.width,
              height: manifest.height,
            }),
          );
  fill(main, h("section", { class: "wall", "aria-label": "Picture" }, art), aside);
  label(aside, manifest, image_url, context);
  const interrupted = pending();
  if (interrupted?.route === `/images/${id}/rerun`) again(aside, manifest, context, interrupted);
}

/** Fills the label beside a picture, as beside one in a museum. */
function label(aside, manifest, image_url, context) {
  const { recipe, rerun_of } = manifest;
  const request = code.requestOf(recipe);
  const go = (vary) => () => {
    recall(recipe, null, { vary });
    location.hash = "#/";
  };
  fill(
    aside,
    rerun_of &&
      h(
        "p",
        {
          class: `verdict ${rerun_of.verdict}`,
          "data-verdict": rerun_of.verdict,
          role: "status",
        },
        VERDICTS[rerun_of.verdict],
        h(
          "span",
          { class: "hint" },
          "Drawn again from ",
          h("a", { href: `#/picture/${rerun_of.id}` }, "this picture's recipe"),
        ),
      ),
    h("h1", { class: "title" }, recipe.prompt),
    facts([
      ["not", recipe.negative_prompt],
      ["model", shortModel(recipe.model)],
      ["seed", String(recipe.seed)],
      ...Object.entries(recipe.parameters).map(([name, value]) => [
        words(name),
        typeof value === "object" ? JSON.stringify(value) : String(value),
      ]),
      ["size", manifest.width && `${manifest.width} × ${manifest.height}`],
      ["list price", dollars(manifest.model.list_price_usd)],
      ["drawn", new Date(manifest.started_at).toLocaleString()],
      ["id", h("code", {}, manifest.id)],
    ]),
    h(
      "div",
      { class: "actions" },
      h("button", { type: "button", onclick: go(false) }, "Use this recipe"),
      h("button", { type: "button", onclick: go(true) }, "Vary the seed"),
      h(
        "button",
        { type: "button", onclick: () => again(aside, manifest, context) },
        "Draw it again",
      ),
      image_url &&
        h(
          "a",
          { class: "button", href: `web/download/${manifest.id}`, download: true },
          "Download",
        ),
      h(
        "a",
        { class: "button", href: `#/trace/${manifest.execution_arn}?since=${manifest.started_at}` },
        "Trace",
      ),
    ),
    h(
      "p",
      { class: "copies" },
      "Copy as ",
      copyButton("curl", code.curl(request, context.config)),
      copyButton("Python", code.python(request, context.config)),
      copyButton("easel", code.easel(request, recipe, context.config)),
    ),
    h("p", { class: "note", role: "status" }),
  );
}

/** Draws a picture again, and shows the new one against the first. */
async function again(aside, manifest, context, sent) {
  const buttons = aside.querySelectorAll(".actions button");
  const note = aside.querySelector(".note");
  const route = `/images/${manifest.id}/rerun`;
  const { signal } = context;
  const usual = modelOf(context.catalog, manifest.recipe.model)?.usual_seconds;
  for (const button of buttons) button.disabled = true;
  note.textContent = usual ? `Drawing it again, usually ${usual} s.` : "Drawing it again.";
  try {
    const answer = await drawn(
      sent ?? { route, request: {}, key: crypto.randomUUID() },
      (after, why) =>
        countDown(
          after,
          (left) => (note.textContent = `${why.message} Looking again in ${left} s.`),
          signal,
        ),
      signal,
    );
    location.hash = `#/picture/${answer.id}`;
  } catch (error) {
    if (error.name === "AbortError") return;
    fill(
      note,
      error.message,
      " ",
      error.execution && h("a", { href: `#/trace/${error.execution}` }, "Its trace"),
    );
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

/** Returns both pictures, one over the other, with a slider between them. */
function slider(before, after, { width, height, recipe }) {
  const over = h("img", { src: after, alt: `Drawn again: ${recipe.prompt}`, width, height });
  const range = h("input", {
    type: "range",
    min: 0,
    max: 100,
    value: 50,
    "aria-label": "First picture to the left, new one to the right",
    oninput: () => cut(),
  });
  const line = h("span", { class: "cut", "aria-hidden": "true" });
  const cut = () => {
    over.style.clipPath = `inset(0 0 0 ${range.value}%)`;
    line.style.left = `${range.value}%`;
  };
  cut();
  return h(
    "figure",
    { class: "frame compare" },
    h(
      "div",
      { class: "both" },
      h("img", { src: before, alt: `First: ${recipe.prompt}`, width, height }),
      over,
      line,
      range,
    ),
    h("figcaption", {}, h("span", {}, "First"), h("span", {}, "Drawn again")),
  );
}
