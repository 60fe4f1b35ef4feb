// Places a state machine's states in layers, so that every transition but a loop's leads down.

const HEIGHT = 34;
const LAYER_GAP = 30;
const COLUMN_GAP = 26;
const LANE = 14;
const PADDING = 18;
const CHARACTER = 7.4;

/**
 * Returns `{width, height, nodes, edges}`. A node is `{name, state, x, y, width, height, inner}`
 * with its middle at x and its top at y; `inner` is the layout of a Map's own states. An edge is
 * `{from, to, error, points}`.
 */
export function layout(machine) {
  const edges = transitions(machine);
  const nodes = new Map(
    Object.entries(machine.States).map(([name, state]) => [name, sized(name, state)]),
  );
  const loops = findLoops(machine.StartAt, edges);
  const forward = edges.filter((edge) => !loops.has(edge));
  const depth = depths(nodes, forward);
  markLongest(forward, depth);
  const { layers, chains } = withLanes(nodes, forward, depth);
  order(layers, chains);
  return placed(layers, nodes, chains, [...loops]);
}

function sized(name, state) {
  if (!state.ItemProcessor) {
    const width = Math.max(84, name.length * CHARACTER + 28);
    return { name, state, width, height: HEIGHT, inner: null };
  }
  const inner = layout(state.ItemProcessor);
  return {
    name,
    state,
    width: inner.width + 2 * PADDING,
    height: inner.height + PADDING + 30,
    inner,
  };
}

/** Returns each pair of states once. It is an error's if nothing else leads from one to the other. */
function transitions(machine) {
  const found = new Map();
  const add = (from, to, error) => {
    if (!to) return;
    const key = `${from} ${to}`;
    const earlier = found.get(key);
    found.set(key, { from, to, error: error && (earlier?.error ?? true) });
  };
  for (const [name, state] of Object.entries(machine.States)) {
    add(name, state.Next, false);
    for (const rule of state.Choices ?? []) add(name, rule.Next, false);
    add(name, state.Default, false);
    for (const rule of state.Catch ?? []) add(name, rule.Next, true);
  }
  return [...found.values()];
}

function findLoops(start, edges) {
  const loops = new Set();
  const done = new Set();
  const visit = (name, path) => {
    if (done.has(name)) return;
    for (const edge of edges.filter((each) => each.from === name)) {
      if (path.has(edge.to)) loops.add(edge);
      else visit(edge.to, new Set(path).add(edge.to));
    }
    done.add(name);
  };
  visit(start, new Set([start]));
  return loops;
}

/** Returns for each state the longest way to it. */
function depths(nodes, edges) {
  const depth = new Map([...nodes.keys()].map((name) => [name, 0]));
  for (let round = 0; round < nodes.size; round += 1) {
    for (const { from, to } of edges) depth.set(to, Math.max(depth.get(to), depth.get(from) + 1));
  }
  return depth;
}

function markLongest(edges, depth) {
  let [at] = [...depth].reduce((one, other) => (other[1] > one[1] ? other : one));
  for (;;) {
    const before = edges.filter(
      ({ from, to }) => to === at && depth.get(from) === depth.get(to) - 1,
    );
    const edge = before.find(({ error }) => !error) ?? before[0];
    if (!edge) return;
    edge.longest = true;
    at = edge.from;
  }
}

/**
 * Puts states into layers. What passes a layer has a lane there; all that goes to one state shares
 * its lanes. Returns for each edge the places that it leads through.
 */
function withLanes(nodes, edges, depth) {
  const layers = [];
  const at = (level) => (layers[level] ??= []);
  for (const node of nodes.values()) at(depth.get(node.name)).push(node);
  const lanes = new Map();
  const chains = edges.map((edge) => {
    const places = [nodes.get(edge.from)];
    for (let level = depth.get(edge.from) + 1; level < depth.get(edge.to); level += 1) {
      const key = `${level} ${edge.to}`;
      if (!lanes.has(key)) {
        lanes.set(key, { lane: true, width: LANE, height: 0 });
        at(level).push(lanes.get(key));
      }
      places.push(lanes.get(key));
    }
    return { edge, places: [...places, nodes.get(edge.to)] };
  });
  return { layers, chains };
}

/** Returns for each place those that it leads from and to, and how much each counts: the longest way
 * through counts most, so that it is straight. */
const neighbours = (chains) => {
  const found = new Map();
  const add = (one, place, weight) =>
    found.set(one, [...(found.get(one) ?? []), { place, weight }]);
  for (const { edge, places } of chains) {
    places.slice(1).forEach((place, index) => {
      const weight = edge.longest
        ? 20
        : place.lane || places[index].lane
          ? 0.02
          : edge.error
            ? 0.05
            : 1;
      add(place, places[index], weight);
      add(places[index], place, weight);
    });
  }
  return found;
};

const middle = (beside, at) => {
  const whole = beside.reduce((sum, { weight }) => sum + weight, 0);
  return beside.reduce((sum, { place, weight }) => sum + weight * at(place), 0) / whole;
};

/** Orders each layer by the middle of what its places lead from and to, down and up. */
function order(layers, chains) {
  const beside = neighbours(chains);
  const position = new Map();
  const note = (layer) =>
    layer.forEach((place, index) => position.set(place, index / layer.length));
  layers.forEach(note);
  for (let sweep = 0; sweep < 8; sweep += 1) {
    for (const layer of sweep % 2 ? [...layers].reverse() : layers) {
      const wanted = new Map(
        layer.map((place) => [
          place,
          beside.has(place)
            ? middle(beside.get(place), (each) => position.get(each))
            : position.get(place),
        ]),
      );
      // Lanes go outside, where they cross nothing.
      const rank = (place) => wanted.get(place) + (place.lane ? 1 : 0);
      layer.sort((one, other) => rank(one) - rank(other));
      note(layer);
    }
  }
}

function placed(layers, nodes, chains, loops) {
  const beside = neighbours(chains);
  for (const layer of layers)
    pack(
      layer,
      layer.map((place, index) => index * 100),
      beside,
    );
  for (let round = 0; round < 24; round += 1) {
    for (const layer of round % 2 ? [...layers].reverse() : layers) {
      pack(
        layer,
        layer.map((place) =>
          beside.has(place) ? middle(beside.get(place), (each) => each.x) : place.x,
        ),
        beside,
      );
    }
  }
  let y = 6;
  for (const layer of layers) {
    const height = Math.max(...layer.map((place) => place.height), 0);
    for (const place of layer) {
      place.y = y + (place.lane ? 0 : (height - place.height) / 2);
      if (place.lane) place.height = height;
    }
    y += height + LAYER_GAP;
  }
  const all = layers.flat();
  const left = Math.min(...all.map((place) => place.x - place.width / 2));
  const margin = loops.length ? 20 : 6;
  for (const place of all) place.x -= left - margin;
  const right = Math.max(...all.map((place) => place.x + place.width / 2));
  return {
    width: right + margin,
    height: y - LAYER_GAP + 6,
    nodes: [...nodes.values()],
    edges: [
      ...chains.map(({ edge, places }) => ({ ...edge, points: down(places) })),
      ...loops.map((edge) => ({ ...edge, points: up(nodes.get(edge.from), nodes.get(edge.to)) })),
    ],
  };
}

/** Places a layer's members as near to where they are wanted as their widths allow. The one that
 * counts most gets its place. */
function pack(layer, wanted, beside) {
  const gap = (one, other) =>
    (one.width + other.width) / 2 + (one.lane && other.lane ? LANE : COLUMN_GAP);
  const counts = layer.map((place) =>
    (beside.get(place) ?? []).reduce((sum, { weight }) => sum + weight, 0),
  );
  const first = counts.indexOf(Math.max(...counts));
  layer[first].x = wanted[first];
  for (let index = first + 1; index < layer.length; index += 1) {
    layer[index].x = Math.max(
      wanted[index],
      layer[index - 1].x + gap(layer[index - 1], layer[index]),
    );
  }
  for (let index = first - 1; index >= 0; index -= 1) {
    layer[index].x = Math.min(
      wanted[index],
      layer[index + 1].x - gap(layer[index], layer[index + 1]),
    );
  }
}

const down = (places) =>
  places.flatMap((place, index) => {
    const points = [];
    if (index > 0) points.push([place.x, place.y]);
    if (index < places.length - 1 && !(place.lane && place.height === 0))
      points.push([place.x, place.y + place.height]);
    return points;
  });

/** Returns the way of a loop: along the side on which it begins. */
const up = (from, to) => {
  const side = from.x > to.x ? 1 : -1;
  const edge = (node) => node.x + (side * node.width) / 2;
  const x = side * Math.max(side * edge(from), side * edge(to)) + side * 14;
  const [start, end] = [from.y + from.height / 2, to.y + to.height / 2];
  return [
    [edge(from), start],
    [x, start],
    [x, end],
    [edge(to), end],
  ];
};
