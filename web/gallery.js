// Earlier pictures, the newest first, by the page.

import { list, Refusal, show } from "./api.js";
import { fill, h, shortModel } from "./dom.js";

const PAGE = 12;
// At most so many pages of the API for one of the gallery's, where a filter leaves little of each.
const PAGES_READ = 20;
const AT_ONCE = 3;

// Presigned URLs by id, each with the moment until which it opens.
const urls = new Map();

export async function gallery(main, context) {
  const { query, catalog } = context;
  const text = query.get("q") ?? "";
  const model = query.get("model") ?? "";
  const grid = h("ul", { class: "grid" });
  const more = h("p", { class: "more-pages" });
  const count = h("p", { class: "hint", role: "status" }, "Looking …");
  const form = h(
    "form",
    { class: "filter", role: "search", onsubmit: filter },
    h(
      "label",
      {},
      h("span", { class: "unseen" }, "Words of the prompt"),
      h("input", { type: "search", name: "q", value: text, placeholder: "Words of the prompt" }),
    ),
    h(
      "label",
      {},
      h("span", { class: "unseen" }, "Model"),
      h(
        "select",
        { name: "model", onchange: filter },
        h("option", { value: "" }, "all models"),
        catalog.models.map(({ id }) =>
          h("option", { value: id, selected: id === model }, shortModel(id)),
        ),
      ),
    ),
    h("button", { type: "submit", class: "quiet" }, "Filter"),
  );
  function filter(event) {
    event.preventDefault();
    location.hash = address(Object.fromEntries(new FormData(form)));
  }
  fill(main, h("div", { class: "gallery-head" }, h("h1", {}, "Gallery"), form), count, grid, more);

  const page = await read({ text, model, after: query.get("after") }, context.signal);
  if (context.signal.aborted) return;
  count.textContent = page.found.length ? "" : "No picture here.";
  fill(grid, page.found.map(card));
  load(grid, context.signal);
  fill(
    more,
    query.get("after") && h("a", { href: address({ q: text, model }) }, "Newest"),
    page.after &&
      h(
        "a",
        { class: "older", href: address({ q: text, model, after: page.after }) },
        "Older pictures",
      ),
  );
}

const address = (query) => {
  const given = Object.entries(query).filter(([, value]) => value);
  return `#/gallery${given.length ? `?${new URLSearchParams(given)}` : ""}`;
};

/** Returns a page of what fits, and where the next begins: null at the end. */
async function read({ text, model, after }, signal) {
  const wanted = text.toLowerCase();
  const found = [];
  let next = after;
  for (let pages = 0; pages < PAGES_READ && found.length < PAGE && !signal.aborted; pages += 1) {
    const page = await list({ limit: PAGE, ...(next && { after: next }) });
    found.push(
      ...page.pictures.filter(
        (each) => each.prompt.toLowerCase().includes(wanted) && (!model || each.model === model),
      ),
    );
    next = page.after;
    if (next === null) break;
  }
  return { found, after: next };
}

const card = ({ id, prompt, seed, width, height, rerun_of }) =>
  h(
    "li",
    {},
    h(
      "a",
      { class: "card", href: `#/picture/${id}` },
      h("span", { class: "mat" }, h("img", { "data-id": id, alt: "", width, height })),
      h("span", { class: "card-title" }, prompt),
      h("span", { class: "hint" }, `seed ${seed}`, rerun_of && " · drawn again"),
    ),
  );

/** Loads pictures as they come into sight, a few at once: each needs a URL that the API signs. */
function load(grid, signal) {
  const queue = [];
  let busy = 0;
  const next = async () => {
    if (busy >= AT_ONCE || queue.length === 0 || signal.aborted) return;
    busy += 1;
    const image = queue.shift();
    try {
      image.src = await urlOf(image.dataset.id);
    } catch (error) {
      if (error instanceof Refusal && error.after !== null) {
        setTimeout(() => queue.push(image) && next(), 1000 * error.after);
      } else {
        image.closest(".mat").append(h("span", { class: "hint" }, "Not there any more."));
        image.remove();
      }
    }
    busy -= 1;
    next();
  };
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        queue.push(target);
        next();
      }
    },
    { rootMargin: "200px" },
  );
  for (const image of grid.querySelectorAll("img")) seen.observe(image);
  signal.addEventListener("abort", () => seen.disconnect());
}

async function urlOf(id) {
  const known = urls.get(id);
  if (known && known.until > Date.now()) return known.url;
  const { image_url, expires_at } = await show(id);
  if (image_url === null) throw new Error("gone");
  urls.set(id, { url: image_url, until: Date.parse(expires_at) - 60_000 });
  return image_url;
}
