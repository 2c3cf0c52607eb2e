// The lowest eigenvalues of the Laplacian of a drum on its grid, by the Lanczos process.
//
// The block Lanczos process of the inverse, with full orthogonalisation, finds the lowest eigenvalues to rounding. That
// none is missing is then proved by counting: by Sylvester's law of inertia, the factors of the matrix minus a shift
// have as many negative pivots as there are eigenvalues below the shift. (Golub and Van Loan, Matrix Computations.)

import { GRID } from "./shapes.js";
import { laplacianOf } from "./membrane.js";
import { addScaled, countBelow, factorised, innerProduct, profileMatrix, solveFactorised } from "./factorisation.js";

/** Vectors of the first block: eigenvalues that occur this often are found at once. */
const BLOCK_SIZE = 2;
/** The process ends when the eigenvalues change by less than this share. */
const CONVERGED_SHARE = 1e-10;
/** The process makes this many steps for each eigenvalue before it is asked for them, and about as many in all. */
const FIRST_STEPS = 2;
const EXPECTED_STEPS = 2.6;
/** Eigenvalues computed beyond those wanted, among which is the gap where they are counted. */
const SPARE = 6;

/**
 * Return the lowest eigenvalues of -Laplacian on the grid of a drum, ascending, each as often as it occurs.
 * @param {import("./shapes.js").Drum} drum
 * @param {{rim?: "fixed"|"free", count: number, onProgress?: function(number): void}} options onProgress gets the share
 *   that is done, from 0 to 1
 * @returns {{eigenvalues: Float64Array, counted: boolean}} counted: whether the count of pivots has proved that none is
 *   missing
 */
export function lowestEigenvalues(drum, { rim = "fixed", count, onProgress = () => {} }) {
  const matrix = gridMatrix(drum, rim);
  const wanted = Math.min(count + SPARE, matrix.size);
  const found = Math.min(count, matrix.size);
  // A free rim has the eigenvalue 0; a shift below it keeps the matrix regular.
  const shift = rim === "free" ? -1e-3 / matrix.size : 0;
  const expected = Math.min(matrix.size, EXPECTED_STEPS * wanted);
  const onStep = (steps) => onProgress(Math.min(0.99, 0.1 + (0.8 * steps) / expected));
  onProgress(0);
  const process = lanczosProcess(factorised(matrix, shift), matrix.size, onStep);
  let previous = null;
  let counted = false;
  for (;;) {
    const steps = process.extend(previous === null ? FIRST_STEPS * wanted : 24);
    const values = process.values().slice(0, wanted).map((value) => 1 / value + shift);
    const complete = steps >= matrix.size;
    if (complete || (previous !== null && values.every((value, i) => isSettled(value, previous[i], values)))) {
      counted = isCountRight(matrix, values, found);
      if (counted || complete) {
        const scale = drum.spacing ** 2;
        return { eigenvalues: Float64Array.from(values.slice(0, found), (value) => value / scale), counted };
      }
    }
    previous = values;
  }
}

function isSettled(value, before, values) {
  return Math.abs(value - before) <= CONVERGED_SHARE * Math.max(value, values[values.length - 1] * 1e-3);
}

/** Return whether there are as many eigenvalues below a gap as were found below it. */
function isCountRight(matrix, values, found) {
  if (found === matrix.size) return true;
  let best = found;
  for (let i = found; i < values.length; i++) {
    if (values[i] - values[i - 1] > values[best] - values[best - 1]) best = i;
  }
  return countBelow(factorised(matrix, (values[best] + values[best - 1]) / 2)) === best;
}

/** Return the operator of a drum with its nodes numbered along the direction that keeps links near the diagonal. */
function gridMatrix(drum, rim) {
  const { nodes, diagonal, severed } = laplacianOf(drum, rim);
  const cut = new Set(severed.map(([at, other]) => at * GRID * GRID + other));
  const across = nodes;
  const down = Int32Array.from(nodes).sort((a, b) => (a % GRID) - (b % GRID) || a - b);
  const matrices = [across, down].map((order) => {
    const number = new Int32Array(GRID * GRID).fill(-1);
    order.forEach((at, i) => (number[at] = i));
    const links = [];
    order.forEach((at, row) => {
      for (const step of [-GRID, GRID, -1, 1]) {
        const column = number[at + step];
        if (column >= 0 && column < row && !cut.has(at * GRID * GRID + at + step)) links.push([row, column, -1]);
      }
    });
    return { order, links, profile: links.reduce((sum, [row, column]) => sum + row - column, 0) };
  });
  const { order, links } = matrices[0].profile <= matrices[1].profile ? matrices[0] : matrices[1];
  return profileMatrix(Float64Array.from(order, (at) => diagonal[at]), links);
}

/** Return the block Lanczos process of the inverse of a factorised matrix, in blocks of two vectors. */
function lanczosProcess(factors, size, onStep) {
  const basis = [];
  const images = []; // images[j]: the products of vector j's image with all vectors of the basis
  const random = randomNumbers();
  const addToBasis = (vector) => {
    const products = new Float64Array(basis.length + 1);
    removeFrom(vector, basis, Math.max(0, basis.length - 2 * BLOCK_SIZE), products);
    removeFrom(vector, basis, 0, products);
    const norm = Math.sqrt(innerProduct(vector, 0, vector, 0, size));
    if (basis.length < size) {
      products[basis.length] = norm;
      for (let i = 0; i < size; i++) vector[i] /= norm;
      basis.push(vector);
    }
    return products;
  };
  for (let i = 0; i < Math.min(BLOCK_SIZE, size); i++) addToBasis(Float64Array.from({ length: size }, random));
  return {
    /** Go on by some steps, at most to the size of the matrix; return how many were made in all. */
    extend(steps) {
      for (let step = 0; step < steps && images.length < size; step += BLOCK_SIZE) {
        onStep(images.length);
        const one = basis[images.length].slice();
        const two = (basis[images.length + 1] ?? one).slice();
        solveFactorised(factors, one, two);
        images.push(addToBasis(one));
        if (images.length < size) images.push(addToBasis(two));
      }
      return images.length;
    },
    /** Return the eigenvalues of the inverse on the basis, descending. */
    values() {
      const order = images.length;
      const product = (i, j) => images[i][j] ?? 0;
      const matrix = images.map((_, i) =>
        Float64Array.from({ length: order }, (_, j) =>
          Math.abs(i - j) <= BLOCK_SIZE ? (product(i, j) + product(j, i)) / 2 : 0,
        ),
      );
      return symmetricEigenvalues(matrix).reverse();
    },
  };
}

/** Remove the components along the vectors of a basis from number `from`, and add them to the products. */
function removeFrom(vector, basis, from, products) {
  const size = vector.length;
  let i = from;
  for (; i + 3 < basis.length; i += 4) {
    const [one, two, three, four] = [basis[i], basis[i + 1], basis[i + 2], basis[i + 3]];
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let k = 0; k < size; k++) {
      const value = vector[k];
      a += one[k] * value;
      b += two[k] * value;
      c += three[k] * value;
      d += four[k] * value;
    }
    for (let k = 0; k < size; k++) vector[k] -= a * one[k] + b * two[k] + (c * three[k] + d * four[k]);
    [a, b, c, d].forEach((component, j) => (products[i + j] += component));
  }
  for (; i < basis.length; i++) {
    const component = innerProduct(basis[i], 0, vector, 0, size);
    addScaled(vector, 0, basis[i], 0, size, -component);
    products[i] += component;
  }
}

/**
 * Return the eigenvalues of a symmetric matrix, ascending: reduced to three diagonals by reflections, then by QR steps.
 * @param {Float64Array[]} matrix (row, column); it is overwritten
 * @returns {Float64Array}
 */
export function symmetricEigenvalues(matrix) {
  const { diagonal, beside } = tridiagonalForm(matrix);
  const size = diagonal.length;
  let end = size - 1;
  while (end > 0) {
    const small = (i) => Math.abs(beside[i]) <= 1e-16 * (Math.abs(diagonal[i]) + Math.abs(diagonal[i + 1]));
    if (small(end - 1)) {
      end--;
      continue;
    }
    let begin = end - 1;
    while (begin > 0 && !small(begin - 1)) begin--;
    shiftedStep(diagonal, beside, begin, end);
  }
  return diagonal.sort();
}

/** Make one implicit QR step with Wilkinson's shift on the part from begin to end of a tridiagonal matrix. */
function shiftedStep(diagonal, beside, begin, end) {
  const half = (diagonal[end - 1] - diagonal[end]) / 2;
  const last = beside[end - 1];
  const root = Math.hypot(half, last);
  const shift = diagonal[end] - last ** 2 / (half + (half >= 0 ? root : -root));
  let x = diagonal[begin] - shift;
  let z = beside[begin];
  for (let k = begin; k < end; k++) {
    const norm = Math.hypot(x, z);
    const [c, s] = norm === 0 ? [1, 0] : [x / norm, z / norm];
    if (k > begin) beside[k - 1] = norm;
    const [p, q, r] = [diagonal[k], beside[k], diagonal[k + 1]];
    diagonal[k] = c * c * p + 2 * c * s * q + s * s * r;
    diagonal[k + 1] = s * s * p - 2 * c * s * q + c * c * r;
    beside[k] = c * s * (r - p) + (c * c - s * s) * q;
    if (k + 1 < end) {
      x = beside[k];
      z = s * beside[k + 1];
      beside[k + 1] *= c;
    }
  }
}

/** Return the diagonal of a symmetric matrix and the entries beside it, after Householder's reflections. */
function tridiagonalForm(matrix) {
  const size = matrix.length;
  const beside = new Float64Array(Math.max(0, size - 1));
  for (let k = 0; k + 1 < size; k++) {
    const column = Float64Array.from({ length: size }, (_, i) => (i > k ? matrix[i][k] : 0));
    const norm = Math.sqrt(innerProduct(column, 0, column, 0, size));
    const target = column[k + 1] > 0 ? -norm : norm;
    beside[k] = target;
    column[k + 1] -= target;
    const squared = innerProduct(column, 0, column, 0, size);
    if (squared === 0) continue;
    const applied = new Float64Array(size); // p = 2 A v / v.v, then A -= v w^T + w v^T with w = p - (v.p / v.v) v
    for (let i = k + 1; i < size; i++) applied[i] = (2 * innerProduct(matrix[i], 0, column, 0, size)) / squared;
    const share = innerProduct(applied, 0, column, 0, size) / squared;
    addScaled(applied, 0, column, 0, size, -share);
    for (let i = k + 1; i < size; i++) {
      addScaled(matrix[i], 0, applied, 0, size, -column[i]);
      addScaled(matrix[i], 0, column, 0, size, -applied[i]);
    }
  }
  return { diagonal: Float64Array.from(matrix, (row, i) => row[i]), beside };
}

/** Return a function that returns numbers from -1 to 1, the same each time (a linear congruential generator). */
function randomNumbers() {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}
