// A state machine as a drawing, with what an execution has done in it.

import { fill, s } from "./dom.js";
import { layout } from "./layout.js";

/**
 * Returns `{svg, update}`. `update(states, selected)` marks the states that were visited and the
 * ways between them; `onselect(name)` is told which state was clicked.
 */
export function graph(definition, onselect = () => {}) {
  const drawing = layout(definition);
  const marks = new Map();
  const svg = s(
    "svg",
    {
      class: "graph",
      viewBox: `0 0 ${drawing.width} ${drawing.height}`,
      width: drawing.width,
      height: drawing.height,
      role: "img",
      "aria-label": "The state machine. The timeline says in words what it shows.",
    },
    s("defs", {}, arrow("arrow"), arrow("arrow-taken")),
    level(drawing, definition, marks, onselect),
  );
  return { svg, update: (states, selected) => update(marks, states, selected) };
}

const arrow = (id) =>
  s(
    "marker",
    { id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto" },
    s("path", { d: "M0 0L8 4L0 8z", class: id }),
  );

/** Draws one machine: the whole, or that of a Map. */
function level(drawing, machine, marks, onselect) {
  const edges = drawing.edges.map((edge) => {
    const path = s("path", {
      class: `edge${edge.error ? " error" : ""}`,
      d: curve(edge.points),
      "marker-end": "url(#arrow)",
    });
    marks.set(`${edge.from} ${edge.to}`, path);
    return path;
  });
  const nodes = drawing.nodes.map((node) => {
    const { name, state, x, y, width, height, inner } = node;
    const left = x - width / 2;
    const count = s("text", {
      class: "count",
      x: x + width / 2 - 4,
      y: y - 4,
      "text-anchor": "end",
    });
    const box = s(
      "g",
      {
        class: `node ${state.Type.toLowerCase()}`,
        onclick: (event) => {
          event.stopPropagation();
          onselect(name);
        },
      },
      s("rect", {
        x: left,
        y,
        width,
        height,
        rx: state.Type === "Choice" ? height / 2 : state.ItemProcessor ? 10 : 5,
      }),
      s(
        "text",
        {
          x: inner ? left + 12 : x,
          y: inner ? y + 19 : y + height / 2 + 4.5,
          "text-anchor": inner ? "start" : "middle",
        },
        name,
      ),
      count,
      inner &&
        s(
          "g",
          { transform: `translate(${left + (width - inner.width) / 2} ${y + 28})` },
          level(inner, state.ItemProcessor, marks, onselect),
        ),
    );
    marks.set(name, Object.assign(box, { count, start: state.ItemProcessor?.StartAt }));
    return box;
  });
  return s("g", { class: "level" }, edges, nodes);
}

/** Returns a path through points: straight where it leads down, bent where it leads aside. */
function curve(points) {
  const [[x, y], ...rest] = points;
  let [atX, atY] = [x, y];
  return rest.reduce((path, [toX, toY]) => {
    const middle = (atY + toY) / 2;
    const next =
      Math.abs(toX - atX) < 0.5 || Math.abs(toY - atY) < 0.5
        ? `L${toX} ${toY}`
        : `C${atX} ${middle} ${toX} ${middle} ${toX} ${toY}`;
    [atX, atY] = [toX, toY];
    return `${path}${next}`;
  }, `M${x} ${y}`);
}

function update(marks, states, selected) {
  const visits = Map.groupBy(states, (state) => state.name);
  for (const [name, mark] of marks) {
    if (!mark.count) continue;
    const visited = visits.get(name) ?? [];
    const last = visited.at(-1);
    mark.classList.toggle("taken", visited.length > 0);
    mark.classList.toggle("current", Boolean(last && !last.left && !last.over));
    mark.classList.toggle(
      "failed",
      visited.some((state) => state.failed),
    );
    mark.classList.toggle("selected", name === selected);
    fill(mark.count, visited.length > 1 ? `×${visited.length}` : "");
  }
  const paths = new Map();
  for (const state of states) {
    const path = `${state.depth} ${state.iteration ?? ""}`;
    const before = paths.get(path);
    paths.set(path, state);
    const mark = before && marks.get(`${before.name} ${state.name}`);
    if (!mark || mark.classList.contains("taken")) continue;
    mark.classList.add("taken");
    mark.setAttribute("marker-end", "url(#arrow-taken)");
    // Over the ways that were not taken, under the states.
    mark.parentNode.insertBefore(mark, mark.parentNode.querySelector(":scope > .node"));
  }
}
