// The controls of the form. Each has the name of the request's field that it sets.

import { h, words } from "./dom.js";

/** Returns a field with its label, and room for what the API says is wrong with it. */
export function field(name, label, ...controls) {
  return h(
    "div",
    { class: "field", "data-field": name },
    h("label", { for: `field-${name}` }, label),
    controls,
    problem(name),
  );
}

/** Returns a group of controls that together are one field. */
export function group(name, legend, ...controls) {
  return h(
    "fieldset",
    { class: "field", "data-field": name },
    h("legend", {}, legend),
    controls,
    problem(name),
  );
}

const problem = (name) => h("p", { class: "problem", id: `problem-${name}`, hidden: true });

export const input = (name, properties, ...children) =>
  h(
    properties.rows ? "textarea" : properties.options ? "select" : "input",
    {
      id: `field-${name}`,
      name,
      "aria-describedby": `problem-${name}`,
      ...properties,
      options: null,
    },
    children,
  );

/** Returns radio buttons in a row. `face(value)` is what stands for a value. */
export function choice(name, values, chosen, face = (value) => words(String(value))) {
  return h(
    "div",
    { class: `choice choice-${name}` },
    values.map((value) =>
      h(
        "label",
        {},
        h("input", { type: "radio", name, value, checked: String(value) === String(chosen) }),
        h("span", { class: "face" }, face(value)),
      ),
    ),
  );
}

/** Returns a shape with an aspect ratio such as 16:9, and its name. */
export function shape(ratio) {
  const [width, height] = ratio.split(":").map(Number);
  const scale = 26 / Math.max(width, height);
  const box = h("span", { class: "shape", "aria-hidden": "true" });
  box.style.width = `${width * scale}px`;
  box.style.height = `${height * scale}px`;
  return [h("span", { class: "shape-room" }, box), ratio];
}

/** Returns a style preset's picture, where there is one, and its name. */
export function style(preset) {
  const picture = h("img", {
    src: `web/styles.svg#${preset.toLowerCase().replaceAll("_", "-")}`,
    alt: "",
    width: 64,
    height: 64,
    loading: "lazy",
  });
  return [
    preset ? picture : h("span", { class: "no-style", "aria-hidden": "true" }),
    h("span", {}, preset ? words(preset) : "none"),
  ];
}

/** Returns the control for a parameter of a model, by its JSON schema. */
export function parameter(name, schema, value) {
  const label = words(name);
  const given = typeof value === "object" ? JSON.stringify(value) : (value ?? "");
  if (schema.enum) {
    const empty = schema.default == null ? [h("option", { value: "" }, "the model's own")] : [];
    return field(
      name,
      label,
      input(
        name,
        { options: true },
        empty,
        schema.enum.map((word) =>
          h("option", { value: word, selected: word === (value ?? schema.default) }, words(word)),
        ),
      ),
    );
  }
  if (schema.type === "object") {
    return field(
      name,
      label,
      input(name, { rows: 2, placeholder: "{}", "data-type": "json" }, given),
    );
  }
  return field(
    name,
    `${label}, ${schema.minimum} to ${schema.maximum}`,
    input(name, {
      type: "number",
      min: schema.minimum,
      max: schema.maximum,
      step: schema.type === "integer" ? 1 : "any",
      value: given,
      placeholder: schema.default,
      "data-type": "number",
    }),
  );
}

/** Shows each problem at its field. Returns whether there was a field to show it at. */
export function showProblem(form, name, message) {
  clearProblems(form);
  const found = name && form.querySelector(`[data-field="${CSS.escape(name)}"]`);
  if (!found) return false;
  found.closest("details")?.setAttribute("open", "");
  const text = found.querySelector(".problem");
  text.textContent = message;
  text.hidden = false;
  const control = found.querySelector("input, textarea, select");
  control.setAttribute("aria-invalid", "true");
  control.focus();
  return true;
}

export function clearProblems(form) {
  for (const text of form.querySelectorAll(".problem")) text.hidden = true;
  for (const control of form.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
  }
}
