// A rim that was drawn by hand: a list of points becomes the corners of a simple polygon.

import { signedArea } from "./shapes.js";

/**
 * The corners of a drawn rim.
 * @typedef {object} Outline
 * @property {number[][]} corners (corner, 2): a simple polygon
 * @property {number} loops the number of loops of a line that crosses itself, of which this is the largest; 1 if none
 */

/**
 * Return the simple polygon that a drawn line encloses; its last point is joined to the first.
 *
 * A line that crosses itself is cut at its crossings into loops, and the largest is kept. Loops below a hundredth of
 * its area, such as those where a hand overlaps the start, are not counted.
 * @param {number[][]} points (point, 2)
 * @param {number} tolerance how far the polygon may be from the line; removes the trembling of a hand
 * @returns {Outline}
 */
export function outlineOf(points, tolerance) {
  const distinct = points.filter(([x, y], i) => i === 0 || Math.hypot(x - points[i - 1][0], y - points[i - 1][1]) > 0);
  if (distinct.length < 3) throw new Error("This line has no inside: draw round a surface with three corners or more.");
  const loops = simpleLoops(simplifiedLine(distinct, tolerance));
  const areas = loops.map((loop) => Math.abs(signedArea(loop)));
  const largest = Math.max(...areas);
  if (!(largest > 0)) throw new Error("This line has no inside: draw round a surface with three corners or more.");
  return {
    corners: loops[areas.indexOf(largest)],
    loops: areas.filter((area) => area > 0.01 * largest).length,
  };
}

/** Return fewer points that are no farther than the tolerance from the line (Ramer 1972; Douglas and Peucker 1973). */
function simplifiedLine(points, tolerance) {
  if (points.length < 3) return points;
  const [x1, y1] = points[0];
  const [x2, y2] = points[points.length - 1];
  const length = Math.hypot(x2 - x1, y2 - y1);
  let farthest = 0;
  let distance = -1;
  points.forEach(([x, y], i) => {
    const away =
      length === 0 ? Math.hypot(x - x1, y - y1) : Math.abs((x - x1) * (y2 - y1) - (y - y1) * (x2 - x1)) / length;
    if (away > distance) {
      distance = away;
      farthest = i;
    }
  });
  if (distance <= tolerance) return [points[0], points[points.length - 1]];
  const before = simplifiedLine(points.slice(0, farthest + 1), tolerance);
  return [...before.slice(0, -1), ...simplifiedLine(points.slice(farthest), tolerance)];
}

/** Return the loops of a closed line, cut where it crosses itself. */
function simpleLoops(corners) {
  const loops = [];
  const waiting = [corners];
  while (waiting.length > 0) {
    const line = waiting.pop();
    const crossing = firstCrossing(line);
    if (crossing === null) {
      if (line.length > 2) loops.push(line);
      continue;
    }
    const { first, second, point } = crossing;
    waiting.push([point, ...line.slice(first + 1, second + 1)]);
    waiting.push([point, ...line.slice(second + 1), ...line.slice(0, first + 1)]);
  }
  return loops;
}

/** Return the numbers of two edges of a closed line that cross, and the point where they do; null if none do. */
function firstCrossing(line) {
  const count = line.length;
  for (let first = 0; first < count; first++) {
    for (let second = first + 2; second < count - (first === 0 ? 1 : 0); second++) {
      const point = edgeCrossing(line[first], line[first + 1], line[second], line[(second + 1) % count]);
      if (point !== null) return { first, second, point };
    }
  }
  return null;
}

function edgeCrossing([ax, ay], [bx, by], [cx, cy], [dx, dy]) {
  const across = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx);
  const first = ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / across;
  const second = ((cx - ax) * (by - ay) - (cy - ay) * (bx - ax)) / across;
  const meets = first > 0 && first < 1 && second > 0 && second < 1; // false if they are parallel
  return meets ? [ax + first * (bx - ax), ay + first * (by - ay)] : null;
}
