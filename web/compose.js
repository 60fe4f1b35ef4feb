// The form.

import { defaultModel, modelOf } from "./catalog.js";
import { dollars, fill, h, shortModel } from "./dom.js";
import { pending } from "./drawing.js";
import { switchboard } from "./faults.js";
import {
  choice,
  clearProblems,
  field,
  group,
  input,
  parameter,
  shape,
  showProblem,
  style,
} from "./fields.js";
import { rest, send } from "./wall.js";

const SAVED = "easel.form";

let recalledFile = null;

const saved = () => JSON.parse(localStorage.getItem(SAVED) ?? "{}");
const save = (values) => localStorage.setItem(SAVED, JSON.stringify(values));

/** Puts a recipe into the form, with its seed kept unless it is to vary. */
export function recall(recipe, file = null, { vary = false } = {}) {
  recalledFile = file;
  const { prompt, negative_prompt, model, seed, parameters } = recipe;
  save({ prompt, negative_prompt, model, seed: vary ? "" : seed, locked: !vary, ...parameters });
}

/** Shows the form, and goes on with a request that a reload has interrupted. */
export function compose(main, context) {
  const values = saved();
  const wall = h("section", { class: "wall", "aria-label": "What comes of it" });
  const form = h("form", { class: "form", novalidate: true, "aria-label": "What to draw" });
  const room = {
    ...context,
    form,
    wall,
    recalledFile,
    board: context.config.local ? switchboard() : null,
    button: h("button", { type: "submit", class: "main" }, "Draw"),
  };
  build(room, values);
  form.addEventListener("input", (event) => changed(room, event.target));
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) room.button.click();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(room);
  });
  fill(main, h("h1", { class: "unseen" }, "Compose"), form, wall);
  const interrupted = pending();
  if (interrupted?.route === "/images") send(room, interrupted);
  else rest(room);
}

/** Fills the form with the fields that the model takes. */
function build(room, values) {
  const { catalog, form } = room;
  const model = modelOf(catalog, values.model) ?? defaultModel(catalog);
  const count = catalog.fields.count.maximum;
  const others = Object.entries(model.parameters).filter(([name]) => name !== "style_preset");
  // Only a recipe that was recalled brings texts with weights.
  if (values.text_prompts) others.push(["text_prompts", { type: "object" }]);
  const presets = ["", ...model.styles];
  fill(
    form,
    field(
      "prompt",
      "Prompt",
      input(
        "prompt",
        {
          rows: 3,
          required: true,
          placeholder: "What to draw",
          autocomplete: "off",
        },
        values.prompt ?? "",
      ),
    ),
    field(
      "negative_prompt",
      "What not to draw",
      input(
        "negative_prompt",
        { rows: 1, autocomplete: "off" },
        values.negative_prompt ?? "",
      ),
    ),
    field(
      "model",
      "Model",
      input("model", { options: true }, models(catalog, model)),
      h("p", { class: "hint" }, about(model)),
    ),
    group(
      "aspect_ratio",
      "Shape",
      choice("aspect_ratio", model.aspect_ratios, values.aspect_ratio ?? "1:1", shape),
    ),
    h(
      "details",
      { class: "more", open: Boolean(values.style_preset) },
      h("summary", {}, "Style", h("span", { class: "chosen" }, values.style_preset || "none")),
      group(
        "style_preset",
        "Style preset",
        choice("style_preset", presets, values.style_preset ?? "", style),
      ),
    ),
    others.length + (model.sizes ? 1 : 0) + (model.output_formats.length > 1 ? 1 : 0) > 0 &&
      h(
        "details",
        { class: "more", open: others.some(([name]) => values[name]) },
        h("summary", {}, "More that this model takes"),
        h(
          "div",
          { class: "pairs" },
          sizes(model, values),
          model.output_formats.length > 1 &&
            group(
              "output_format",
              "File",
              choice("output_format", model.output_formats, values.output_format ?? "png"),
            ),
          others.map(([name, schema]) => parameter(name, schema, values[name])),
        ),
      ),
    h(
      "div",
      { class: "pairs" },
      seedField(model, values),
      group(
        "count",
        "Pictures",
        choice(
          "count",
          Array.from({ length: count }, (_, index) => index + 1),
          values.count ?? 1,
        ),
      ),
    ),
    room.board,
    h("p", { class: "problem", id: "refused", role: "alert", hidden: true }),
    h(
      "div",
      { class: "send" },
      room.button,
      h("p", { class: "hint", id: "cost" }, cost(room, model, values.count ?? 1)),
    ),
  );
}

function models(catalog, chosen) {
  const option = (model) =>
    h("option", { value: model.id, selected: model.id === chosen.id }, shortModel(model.id));
  const offered = catalog.models.filter((model) => model.offered);
  const current = offered.filter((model) => model.status === "active");
  const rest = (label, rows) => rows.length > 0 && h("optgroup", { label }, rows.map(option));
  return [
    current.map(option),
    rest(
      "Offered here, though AWS has retired them",
      offered.filter((each) => !current.includes(each)),
    ),
    rest(
      "Not offered here",
      catalog.models.filter((model) => !model.offered),
    ),
  ];
}

const about = (model) =>
  [
    `${dollars(model.list_price_usd)} a picture`,
    `usually ${model.usual_seconds} s`,
    model.status === "active" ? null : model.status,
    model.offered ? null : "not offered here",
  ]
    .filter(Boolean)
    .join(" · ");

function cost(room, model, count) {
  const price = `${dollars(model.list_price_usd * count)} by list price`;
  if (room.config.local) return `Free here; on AWS ${price}.`;
  return `${price}; nothing for a picture that is there already.`;
}

function sizes(model, values) {
  if (model.sizes === null) return null;
  if (Array.isArray(model.sizes)) {
    const size = values.size ?? (values.width ? `${values.width}x${values.height}` : "");
    return field(
      "width",
      "Size",
      input(
        "size",
        { options: true, id: "field-width" },
        h("option", { value: "" }, "by its shape"),
        model.sizes.map((each) => h("option", { value: each, selected: each === size }, each)),
      ),
    );
  }
  return ["width", "height"].map((name) =>
    field(
      name,
      name,
      input(name, {
        type: "number",
        min: 1,
        value: values[name] ?? "",
        placeholder: "by its shape",
        title: model.sizes,
        "data-type": "number",
      }),
    ),
  );
}

function seedField(model, values) {
  const roll = () => {
    room("seed").value = randomSeed(model);
    room("locked").checked = true;
    room("seed").dispatchEvent(new Event("input", { bubbles: true }));
  };
  const box = field(
    "seed",
    "Seed",
    h(
      "div",
      { class: "seed" },
      input("seed", {
        type: "number",
        min: 0,
        max: model.seed_limit,
        step: 1,
        value: values.seed ?? "",
        placeholder: "drawn",
        "data-type": "number",
      }),
      h(
        "button",
        {
          type: "button",
          class: "icon",
          title: "Roll the dice",
          "aria-label": "Roll the dice",
          onclick: roll,
        },
        "⚄",
      ),
      h(
        "label",
        { class: "lock" },
        h("input", { type: "checkbox", name: "locked", checked: Boolean(values.locked) }),
        "keep it",
      ),
    ),
  );
  const room = (name) => box.querySelector(`[name=${name}]`);
  return box;
}

/** A seed that is known before the request is sent finds its picture, whatever becomes of the answer. */
function randomSeed(model) {
  const limit = Math.min(model.seed_limit, 0x7fffffff) - 4;
  return 1 + (crypto.getRandomValues(new Uint32Array(1))[0] % limit);
}

function valuesOf(form) {
  const values = Object.fromEntries(new FormData(form));
  values.locked = form.elements.locked.checked;
  delete values.fault;
  return values;
}

/** Keeps what the form holds. Another model takes other fields, and a typed seed is one to keep. */
function changed(room, target) {
  const { form } = room;
  if (target.name === "seed") form.elements.locked.checked = target.value !== "";
  const values = valuesOf(form);
  save(values);
  if (target.name === "model") {
    build(room, values);
    form.elements.model.focus();
  }
  if (target.name === "style_preset")
    form.querySelector(".chosen").textContent = values.style_preset || "none";
  form.querySelector("#cost").textContent = cost(
    room,
    modelOf(room.catalog, values.model),
    Number(values.count),
  );
}

/** Returns the request for what the form holds. Throws NoJsonError. */
function requestOf(room, values) {
  const model = modelOf(room.catalog, values.model);
  const { locked, size, ...given } = values;
  if (size) [given.width, given.height] = size.split("x");
  if (given.width || given.height) delete given.aspect_ratio;
  if (given.count === "1") delete given.count;
  if (!locked || !given.seed) given.seed = randomSeed(model);
  if (given.text_prompts) given.prompt = given.negative_prompt = "";
  const request = {};
  for (const [name, value] of Object.entries(given)) {
    const type = room.form.querySelector(`[name="${name}"]`)?.dataset.type;
    const isNumber = type === "number" || ["count", "width", "height"].includes(name);
    if (value === "") continue;
    request[name] = isNumber ? Number(value) : type === "json" ? parsed(name, value) : value;
  }
  return request;
}

class NoJsonError extends Error {
  constructor(field, reason) {
    super(`This is no JSON: ${reason}`);
    this.field = field;
  }
}

function parsed(name, text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NoJsonError(name, error.message);
  }
}

function submit(room) {
  const { form } = room;
  clearProblems(form);
  const values = valuesOf(form);
  let request;
  try {
    request = requestOf(room, values);
  } catch (error) {
    if (!(error instanceof NoJsonError)) throw error;
    showProblem(form, error.field, error.message);
    return;
  }
  recalledFile = null;
  form.elements.seed.value = request.seed;
  save({ ...values, seed: request.seed });
  send(room, { route: "/images", request, key: crypto.randomUUID() });
}
