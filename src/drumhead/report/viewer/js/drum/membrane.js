// A membrane in motion: the wave equation on the grid of a drum, by the leapfrog scheme.
//
// Waves travel at speed 1. On the grid, -Laplacian is K / spacing^2, with the five-point Laplacian and its treatment of
// the rim as in drumhead.analysis.drums: the nodes' diagonal k is the sum of 1 / cut (fixed rim) or the number of
// neighbours (free rim). With the step dt and r = (dt / spacing)^2 the scheme is
//
//     M (y[n+1] - 2 y[n] + y[n-1]) = -r K y[n] - damping dt M (y[n+1] - y[n-1]) / 2,
//
// where M = 1 + r (k - 4) / 4 beside a fixed rim that cuts a link, else 1: the excess of the diagonal is averaged over
// the steps before, now and after. So dt / spacing <= 1 / sqrt(2) is stable however close the rim is to a node.

import { GRID } from "./shapes.js";

/** The step in time, in spacings: just below the limit of stability. */
export const COURANT = 0.7;

/** A bump ends at this many of its standard deviations. */
const BUMP_REACH = 5;

const NEIGHBOURS = [-GRID, GRID, -1, 1];

/** The position of a membrane at two times. */
export class Membrane {
  /**
   * @param {import("./shapes.js").Drum} drum
   * @param {{rim?: "fixed"|"free", damping?: number}} options damping: the rate at which velocities fall
   */
  constructor(drum, { rim = "fixed", damping = 0 } = {}) {
    this.drum = drum;
    this.rim = rim;
    this.dt = COURANT * drum.spacing;
    /** (row, column): the position now; 0 outside. */
    this.now = new Float64Array(GRID * GRID);
    /** (row, column): the position one step before. */
    this.before = new Float64Array(GRID * GRID);
    this.operator = laplacianOf(drum, rim);
    this.damping = damping;
  }

  /** The rate at which velocities fall: y_tt = Laplacian y - damping y_t. */
  get damping() {
    return this.dampingRate;
  }

  set damping(rate) {
    this.dampingRate = rate;
    this.scheme = schemeOf(this.operator, COURANT ** 2, rate * this.dt);
  }

  /**
   * Move on by some steps.
   * @param {number} count
   * @param {number} [node] a node whose position is recorded
   * @param {Float64Array|Float32Array} [record] gets the position of the node after each step
   */
  advance(count, node, record) {
    for (let i = 0; i < count; i++) {
      leap(this.now, this.before, this.scheme);
      [this.now, this.before] = [this.before, this.now];
      if (record !== undefined) record[i] = this.now[node];
    }
  }

  /**
   * Add a bump to the position, at rest: a Gaussian around a node; with a free rim, less its mean.
   * @param {number} node row * GRID + column, inside
   * @param {{height?: number, radius?: number}} options radius: the standard deviation in spacings; 0: this node alone
   */
  strike(node, { height = 1, radius = 2 } = {}) {
    const { nodes } = this.operator;
    const bump = new Float64Array(GRID * GRID);
    const [row, column] = [Math.floor(node / GRID), node % GRID];
    for (const at of nodes) {
      const squared = (Math.floor(at / GRID) - row) ** 2 + ((at % GRID) - column) ** 2;
      if (squared === 0) bump[at] = height;
      else if (squared <= (BUMP_REACH * radius) ** 2) bump[at] = height * Math.exp(-squared / (2 * radius ** 2));
    }
    if (this.rim === "free") {
      const mean = nodes.reduce((sum, at) => sum + bump[at], 0) / nodes.length;
      for (const at of nodes) bump[at] -= mean;
    }
    const undamped = schemeOf(this.operator, COURANT ** 2, 0);
    const next = new Float64Array(GRID * GRID);
    leap(bump, next, undamped); // 2 bump - r K bump / M, twice the position one step before or after a bump at rest
    for (const at of nodes) {
      this.now[at] += bump[at];
      this.before[at] += next[at] / 2;
    }
  }

  /** Come to rest. */
  rest() {
    this.now.fill(0);
    this.before.fill(0);
  }

  /** The energy, which the scheme keeps without damping: that of velocities and that of the tension. */
  get energy() {
    const { nodes, diagonal, links, severed, excess } = this.operator;
    const { now, before } = this;
    const r = COURANT ** 2;
    const applied = new Float64Array(GRID * GRID);
    for (const at of nodes) applied[at] = diagonal[at] * now[at] - NEIGHBOURS.reduce((sum, s) => sum + now[at + s], 0);
    severed.forEach(([at, other]) => (applied[at] += now[other]));
    let kinetic = 0;
    let tension = 0;
    for (const at of nodes) {
      kinetic += (1 + (r * excess[at]) / 4) * (now[at] - before[at]) ** 2;
      tension += before[at] * applied[at];
    }
    return (kinetic / r + tension) / 2;
  }
}

/**
 * The operator K of a drum: the negative Laplacian times the squared spacing.
 * @typedef {object} Laplacian
 * @property {Int32Array} nodes the nodes inside, in order
 * @property {Float64Array} diagonal (row, column): its diagonal
 * @property {Float64Array} excess (row, column): how much of the diagonal the scheme averages over three steps
 * @property {number[][]} severed pairs (node, neighbour) inside with the rim between them; other neighbours have -1
 */

/**
 * Return the negative Laplacian of a drum times the squared spacing, as in drumhead.analysis.drums.
 * @param {import("./shapes.js").Drum} drum
 * @param {"fixed"|"free"} rim
 * @returns {Laplacian}
 */
export function laplacianOf({ inside, cuts }, rim) {
  const nodes = Int32Array.from([...inside.keys()].filter((at) => inside[at]));
  const diagonal = new Float64Array(GRID * GRID);
  const excess = new Float64Array(GRID * GRID);
  const severed = [];
  for (const at of nodes) {
    NEIGHBOURS.forEach((step, direction) => {
      const cut = cuts[direction * GRID * GRID + at];
      const linked = inside[at + step] && cut === 1;
      diagonal[at] += rim === "free" ? (linked ? 1 : 0) : 1 / cut;
      if (inside[at + step] && !linked) severed.push([at, at + step]);
    });
    excess[at] = Math.max(0, diagonal[at] - 4);
  }
  return { nodes, diagonal, excess, severed };
}

/** Return the factors of the scheme: rows of nodes with four neighbours, and all other nodes one by one. */
function schemeOf({ nodes, diagonal, excess, severed }, r, dampedStep) {
  const isSevered = new Set(severed.map(([at]) => at));
  const isPlain = (at) => diagonal[at] === 4 && !isSevered.has(at);
  const runs = [];
  const others = [];
  for (const at of nodes) {
    if (!isPlain(at)) others.push(at);
    else if (runs.length > 0 && runs[runs.length - 1] === at) runs[runs.length - 1] = at + 1;
    else runs.push(at, at + 1);
  }
  const weight = 1 / (1 + dampedStep / 2);
  const share = (at) => r / (1 + (r * excess[at]) / 4);
  return {
    last: -(1 - dampedStep / 2) * weight,
    neighbour: r * weight,
    own: (2 - 4 * r) * weight,
    runs: Int32Array.from(runs),
    others: Int32Array.from(others),
    otherNeighbour: Float64Array.from(others, (at) => share(at) * weight),
    otherOwn: Float64Array.from(others, (at) => (2 - share(at) * diagonal[at]) * weight),
    severed: severed.map(([at, other]) => [at, other, share(at) * weight]),
  };
}

/** Replace the position before by the one that follows now. */
function leap(now, before, { last, neighbour, own, runs, others, otherNeighbour, otherOwn, severed }) {
  for (let run = 0; run < runs.length; run += 2) {
    const end = runs[run + 1];
    let left = now[runs[run] - 1];
    let here = now[runs[run]];
    for (let at = runs[run]; at < end; at++) {
      const right = now[at + 1];
      before[at] = last * before[at] + own * here + neighbour * (now[at - GRID] + now[at + GRID] + left + right);
      left = here;
      here = right;
    }
  }
  for (let i = 0; i < others.length; i++) {
    const at = others[i];
    const sum = now[at - GRID] + now[at + GRID] + now[at - 1] + now[at + 1];
    before[at] = last * before[at] + otherOwn[i] * now[at] + otherNeighbour[i] * sum;
  }
  for (const [at, other, factor] of severed) before[at] -= factor * now[other];
}

/**
 * Return the frequencies that the scheme gives undamped modes, in cycles per unit of time; those of nodes beside a
 * curved rim differ by less than the grid's error.
 * @param {ArrayLike<number>} eigenvalues of -Laplacian on the grid
 * @param {number} dt
 * @returns {Float64Array}
 */
export function schemeFrequencies(eigenvalues, dt) {
  return Float64Array.from(eigenvalues, (value) => Math.asin((dt / 2) * Math.sqrt(Math.max(0, value))) / (Math.PI * dt));
}
