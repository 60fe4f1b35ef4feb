// Builds elements. Texts become text nodes, so nothing that a person or a service wrote is markup.

const SVG = "http://www.w3.org/2000/svg";

/** Returns an element. Properties whose names begin with "on" are listeners. */
export const h = (name, properties, ...children) =>
  filled(document.createElement(name), properties, children);

/** Returns an element of SVG. */
export const s = (name, properties, ...children) =>
  filled(document.createElementNS(SVG, name), properties, children);

/** Puts children in the place of those that an element has. */
export function fill(element, ...children) {
  element.replaceChildren(
    ...children.flat(Infinity).filter((each) => each != null && each !== false),
  );
  return element;
}

function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value != null && value !== false) element.setAttribute(name, value);
  }
  return fill(element, ...children);
}

export const byId = (id) => document.getElementById(id);

/** Says something to those who see and to those who listen. */
export function say(text) {
  byId("status").textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (byId("status").textContent = ""), 6000);
}

/** Returns a button that copies a text. */
export const copyButton = (label, text) =>
  h(
    "button",
    {
      type: "button",
      class: "quiet",
      onclick: async () => {
        await navigator.clipboard.writeText(text);
        say(`Copied: ${label}`);
      },
    },
    label,
  );

/** Returns a list of names and what they stand for, without those that stand for nothing. */
export const facts = (rows) =>
  h(
    "dl",
    { class: "facts" },
    rows
      .filter(([, value]) => value != null && value !== "")
      .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );

export const dollars = (amount) => `$${Number(amount.toFixed(4))}`;
export const seconds = (number) => `${number.toFixed(number < 10 ? 2 : 1)} s`;
export const words = (name) => name.replaceAll("_", " ").replaceAll("-", " ").toLowerCase();
export const shortModel = (id) => id.replace(/^[^.]*\./, "");
