// Drums of any shape on a square grid: polygons and discs, and drums by name.
// The same grids as those of drumhead.analysis.drums, in an array of fixed size.

/** The number of rows and of columns of the grid. The outermost nodes are outside of every drum. */
export const GRID = 128;

/** A rim is never closer to a node than this share of the spacing. */
const SMALLEST_CUT = 1e-4;
/** A named drum fills this many spacings of the grid. */
const FILLED = 124;

/**
 * A shape on the grid.
 * @typedef {object} Drum
 * @property {string} name
 * @property {Uint8Array} inside (row, column): 1 where the node is inside the rim
 * @property {Float64Array} cuts (direction, row, column): the distance to the rim up, down, left and right, as a share
 *   of the spacing, above 0 and at most 1; 1 where the neighbour is inside, and everywhere outside
 * @property {number} spacing the distance of neighbouring nodes
 * @property {number} area of the shape
 * @property {number} perimeter the length of its rim
 * @property {number[][]} outline (corner, 2): its corners (x, y) in columns and rows of the grid
 * @property {number} pieces the number of separate parts that the shape had on the grid, of which this is the largest
 */

const HALF_ROOT_3 = Math.sqrt(3) / 2;

/** The corners (x, y) of the named polygons, in units of length; their names are those of the Python package. */
export const NAMED_POLYGONS = {
  square: [[0, 0], [1, 0], [1, 1], [0, 1]],
  triangle: [[0, 0], [1, 0], [0.5, HALF_ROOT_3]],
  "l-shape": [[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2]],
  "isospectral-1": [[0, 0], [0, 1], [2, 3], [2, 2], [3, 2], [2, 1], [1, 1], [1, 0]],
  "isospectral-2": [[1, 0], [0, 1], [0, 2], [2, 2], [2, 3], [3, 2], [2, 1], [1, 1]],
};

/** The names of all drums that can be chosen. */
export const DRUM_NAMES = ["square", "disc", "triangle", "l-shape", "isospectral-1", "isospectral-2"];

/**
 * Return the drum of a name, as large as the grid allows.
 * @param {string} name one of DRUM_NAMES
 * @param {"fixed"|"free"} rim nodes meet the corners for a fixed rim, and lie half a spacing beside for a free one
 * @returns {Drum}
 */
export function namedDrum(name, rim) {
  const offset = rim === "free" ? 0.5 : 0;
  if (name === "disc") return discDrum(1, { resolution: FILLED / 2, offset });
  const corners = NAMED_POLYGONS[name];
  if (corners === undefined) throw new Error(`There is no drum called ${name}; drums are ${DRUM_NAMES.join(", ")}.`);
  const extent = Math.max(...[0, 1].map((axis) => axisRange(corners, axis)).map(([low, high]) => high - low));
  return polygonDrum(corners, { resolution: Math.floor(FILLED / extent), offset, name });
}

/**
 * Return a polygon as a drum. Edges that cross enclose what is inside an odd number of times.
 * @param {number[][]} corners (corner, 2): the coordinates (x, y) of the corners in order
 * @param {{resolution: number, offset?: number, name?: string, start?: number[]}} options resolution: nodes per unit of
 *   length; offset: the position of the nodes, from 0 to below 1 spacing; start: the (x, y) of the array's first node
 *   in whole spacings, by default so that the shape is in the middle
 * @returns {Drum}
 */
export function polygonDrum(corners, { resolution, offset = 0, name = "polygon", start }) {
  const measures = {
    name,
    area: Math.abs(signedArea(corners)),
    perimeter: outlineLength(corners),
    outline: corners,
  };
  const ranges = [0, 1].map((axis) => axisRange(corners, axis));
  const grid = placedGrid(ranges, resolution, offset, start);
  const inside = new Uint8Array(GRID * GRID);
  const rims = new Float64Array(4 * GRID * GRID).fill(Infinity);
  const spans = corners.map((corner, i) => [corner, corners[(i + 1) % corners.length]]);
  const [[left, right], [top, bottom]] = ranges;
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      const x = grid.x(column);
      const y = grid.y(row);
      if (x < left || x > right || y < top || y > bottom) continue; // outside
      let crossings = 0;
      let onRim = false;
      const at = row * GRID + column;
      for (const [[x1, y1], [x2, y2]] of spans) {
        onRim ||= isOnEdge(x, y, x1, y1, x2, y2);
        if (y1 <= y !== y2 <= y && x1 + ((y - y1) * (x2 - x1)) / (y2 - y1) > x) crossings++;
        measureGap(rims, at, x, y, x1, y1, x2, y2);
      }
      inside[at] = crossings % 2 === 1 && !onRim ? 1 : 0;
    }
  }
  return finishedDrum(measures, grid, inside, rims, resolution);
}

/**
 * Return a disc around the origin as a drum.
 * @param {number} radius
 * @param {{resolution: number, offset?: number}} options as those of polygonDrum
 * @returns {Drum}
 */
export function discDrum(radius, { resolution, offset = 0 }) {
  const range = [-radius, radius];
  const grid = placedGrid([range, range], resolution, offset, undefined);
  const inside = new Uint8Array(GRID * GRID);
  const rims = new Float64Array(4 * GRID * GRID);
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      const x = grid.x(column);
      const y = grid.y(row);
      const halfX = Math.sqrt(Math.max(radius ** 2 - y ** 2, 0));
      const halfY = Math.sqrt(Math.max(radius ** 2 - x ** 2, 0));
      const at = row * GRID + column;
      inside[at] = x ** 2 + y ** 2 < radius ** 2 * (1 - 1e-12) ? 1 : 0;
      [y + halfY, halfY - y, x + halfX, halfX - x].forEach((gap, direction) => {
        rims[direction * GRID * GRID + at] = gap;
      });
    }
  }
  const outline = Array.from({ length: 180 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 180;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
  const measures = { name: "disc", area: Math.PI * radius ** 2, perimeter: 2 * Math.PI * radius, outline };
  return finishedDrum(measures, grid, inside, rims, resolution);
}

/**
 * Return the area that a polygon encloses, negative if its corners go round the other way.
 * @param {number[][]} corners
 * @returns {number}
 */
export function signedArea(corners) {
  let twice = 0;
  corners.forEach(([x1, y1], i) => {
    const [x2, y2] = corners[(i + 1) % corners.length];
    twice += x1 * y2 - x2 * y1;
  });
  return twice / 2;
}

/** Return the length of a closed outline. */
export function outlineLength(corners) {
  return corners.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = corners[(i + 1) % corners.length];
    return sum + Math.hypot(nextX - x, nextY - y);
  }, 0);
}

/** Return the smallest and the largest coordinate along an axis. */
function axisRange(corners, axis) {
  const values = corners.map((corner) => corner[axis]);
  return [Math.min(...values), Math.max(...values)];
}

/** Return where the nodes of the array are, and where points of the shape are in the array. */
function placedGrid(ranges, resolution, offset, start) {
  const first =
    start ??
    ranges.map(([low, high]) => {
      const lowest = Math.floor(low * resolution) - 1;
      const highest = Math.ceil(high * resolution) + 1;
      return lowest - Math.floor((GRID - (highest - lowest + 1)) / 2);
    });
  return {
    x: (column) => (column + first[0] + offset) / resolution,
    y: (row) => (row + first[1] + offset) / resolution,
    toGrid: ([x, y]) => [x * resolution - first[0] - offset, y * resolution - first[1] - offset],
  };
}

/** Return whether a point is on an edge. */
function isOnEdge(x, y, x1, y1, x2, y2) {
  const length = Math.hypot(x2 - x1, y2 - y1);
  const along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length;
  const across = ((x - x1) * (y2 - y1) - (y - y1) * (x2 - x1)) / length;
  return Math.abs(across) < 1e-9 && along > -1e-9 && along < length + 1e-9;
}

/** Shorten the distances from a point to the rim up, down, left and right to those to an edge. */
function measureGap(rims, at, x, y, x1, y1, x2, y2) {
  for (let axis = 0; axis < 2; axis++) {
    const [p, q, p1, q1, p2, q2] = axis === 0 ? [y, x, y1, x1, y2, x2] : [x, y, x1, y1, x2, y2];
    if (Math.abs(q2 - q1) < 1e-12) continue;
    if (q < Math.min(q1, q2) - 1e-12 || q > Math.max(q1, q2) + 1e-12) continue;
    const gap = p1 + ((q - q1) * (p2 - p1)) / (q2 - q1) - p;
    const slot = (2 * axis + (gap > 0 ? 1 : 0)) * GRID * GRID + at;
    if (Math.abs(gap) > 1e-12 && Math.abs(gap) < rims[slot]) rims[slot] = Math.abs(gap);
  }
}

/** Return the largest piece of a shape as a drum, or raise an error that says why it is none. */
function finishedDrum({ name, area, perimeter, outline }, grid, inside, rims, resolution) {
  for (let i = 0; i < GRID; i++) {
    for (const at of [i, (GRID - 1) * GRID + i, i * GRID, i * GRID + GRID - 1]) inside[at] = 0;
  }
  const { labels, sizes } = labelledPieces(inside);
  if (sizes.length === 0) {
    throw new Error("This shape has no inside: no point of the grid is within its outline. Draw a larger one.");
  }
  const largest = sizes.indexOf(Math.max(...sizes)) + 1;
  const corners = outline.map(grid.toGrid);
  const kept = inside.map((_, at) => (labels[at] === largest ? 1 : 0));
  if (!isThick(kept)) {
    throw new Error("This shape is thinner than three cells of the grid. Draw a thicker one.");
  }
  const cuts = new Float64Array(4 * GRID * GRID).fill(1);
  kept.forEach((isInside, at) => {
    if (!isInside) return;
    for (let direction = 0; direction < 4; direction++) {
      const slot = direction * GRID * GRID + at;
      const cut = Math.min(1, Math.max(SMALLEST_CUT, rims[slot] * resolution));
      cuts[slot] = cut > 1 - 1e-9 ? 1 : cut;
    }
  });
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const rimShare = sizes.length === 1 ? 1 : shareOfRim(corners, labels, largest);
  return {
    name,
    inside: kept,
    cuts,
    spacing: 1 / resolution,
    area: (area * sizes[largest - 1]) / total,
    perimeter: perimeter * rimShare,
    outline: corners,
    pieces: sizes.length,
  };
}

/** Return the number of the piece of each node, from 1 (0 outside), and the number of nodes of each piece. */
function labelledPieces(inside) {
  const labels = new Int32Array(GRID * GRID);
  const sizes = [];
  for (let first = 0; first < labels.length; first++) {
    if (!inside[first] || labels[first]) continue;
    const label = sizes.push(0);
    const stack = [first];
    labels[first] = label;
    while (stack.length > 0) {
      const at = stack.pop();
      sizes[label - 1]++;
      for (const next of [at - GRID, at + GRID, at - 1, at + 1]) {
        if (inside[next] && !labels[next]) {
          labels[next] = label;
          stack.push(next);
        }
      }
    }
  }
  return { labels, sizes };
}

/** Return whether a node has all its neighbours inside. */
function isThick(inside) {
  return inside.some((here, at) => here && [-GRID, GRID, -1, 1].every((step) => inside[at + step]));
}

/** Return the share of the outline whose nearest node inside belongs to a piece. */
function shareOfRim(corners, labels, piece) {
  let all = 0;
  let own = 0;
  corners.forEach(([x1, y1], i) => {
    const [x2, y2] = corners[(i + 1) % corners.length];
    const length = Math.hypot(x2 - x1, y2 - y1);
    const parts = Math.max(1, Math.ceil(4 * length));
    for (let part = 0; part < parts; part++) {
      const share = (part + 0.5) / parts;
      all += length / parts;
      if (nearestPiece(x1 + share * (x2 - x1), y1 + share * (y2 - y1), labels) === piece) own += length / parts;
    }
  });
  return own / all;
}

function nearestPiece(x, y, labels) {
  let nearest = Infinity;
  let piece = 0;
  for (let row = Math.max(0, Math.floor(y) - 2); row <= Math.min(GRID - 1, Math.floor(y) + 3); row++) {
    for (let column = Math.max(0, Math.floor(x) - 2); column <= Math.min(GRID - 1, Math.floor(x) + 3); column++) {
      const distance = Math.hypot(column - x, row - y);
      if (labels[row * GRID + column] && distance < nearest) {
        nearest = distance;
        piece = labels[row * GRID + column];
      }
    }
  }
  return piece;
}
