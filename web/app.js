// The page: what its address says is shown. Each view is a module with a function that builds it.

import { config, openapi, recipeIn } from "./api.js";
import { modelOf, read } from "./catalog.js";
import { compose, recall } from "./compose.js";
import { byId, fill, h, say } from "./dom.js";
import { gallery } from "./gallery.js";
import { picture } from "./picture.js";
import { traced } from "./trace.js";

const VIEWS = { "": compose, gallery, picture, trace: traced };
const TITLES = { "": "Compose", gallery: "Gallery", picture: "Picture", trace: "Trace" };

const page = { catalog: null, config: null };
let left = new AbortController();

/** Shows the view that the address names: #/view/argument?query. */
async function route() {
  left.abort();
  left = new AbortController();
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/");
  const name = Object.hasOwn(VIEWS, view) ? view : "";
  for (const link of document.querySelectorAll("[data-view]")) {
    const current = link.dataset.view === (name || "compose");
    link.toggleAttribute("aria-current", current);
    if (current) link.setAttribute("aria-current", "page");
  }
  document.title = `${TITLES[name]} · Easel`;
  const main = byId("main");
  main.className = `view-${name || "compose"}`;
  const { signal } = left;
  try {
    const argument = decodeURIComponent(rest.join("/"));
    await VIEWS[name](main, { ...page, signal, argument, query: new URLSearchParams(query) });
  } catch (error) {
    if (!signal.aborted) failed(main, error);
  }
}

function failed(main, error) {
  main.className = "view-failed";
  fill(main, h("h1", {}, "That did not work"), h("p", { class: "problem" }, error.message));
}

async function start() {
  const main = byId("main");
  try {
    const [described, where] = await Promise.all([openapi(), config()]);
    page.catalog = read(described);
    page.config = where;
  } catch (error) {
    failed(main, error);
    return;
  }
  document.querySelector("[data-view=gallery]").hidden = !page.catalog.lists;
  byId("where").textContent = new URL(page.config.endpoint).host;
  addEventListener("hashchange", () => {
    route();
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  });
  await route();
}

/** Recalls the recipe of a picture that is dropped anywhere, or chosen. */
async function recalled(file) {
  try {
    const { recipe } = await recipeIn(file);
    recall(recipe, file);
    const other = modelOf(page.catalog, recipe.model) ? "" : `, but ${recipe.model} is unknown here`;
    say(`The recipe of ${file.name} is in the form${other}.`);
    if (/^#?\/?$/.test(location.hash)) route();
    else location.hash = "#/";
  } catch (error) {
    say(`${file.name}: ${error.message}`);
  }
}

function takeDrops() {
  const drop = byId("drop");
  const isFile = (event) => [...event.dataTransfer.types].includes("Files");
  addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    drop.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) drop.hidden = true;
  });
  addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    drop.hidden = true;
    if (event.dataTransfer.files[0]) recalled(event.dataTransfer.files[0]);
  });
  addEventListener("recall", (event) => recalled(event.detail));
}

takeDrops();
start();
