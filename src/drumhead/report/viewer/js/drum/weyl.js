// Weyl's law: how the frequencies of a drum tell its area and the length of its rim.
// The same fit as drumhead.analysis.drums.weyl, where the sources are.

/** The number of blocks of the jackknife. */
const JACKKNIFE_BLOCKS = 8;

/** The smallest number of eigenvalues for an estimate. */
export const FEWEST_EIGENVALUES = 3 * JACKKNIFE_BLOCKS;

/**
 * Estimate area, rim and corner term of a drum from its lowest eigenvalues, by least squares on
 *
 *     N(lambda) = area lambda / (4 pi) - perimeter sqrt(lambda) / (4 pi) + constant      (+ for a free rim).
 *
 * Errors are standard errors by a jackknife over blocks of neighbouring eigenvalues.
 * @param {ArrayLike<number>} eigenvalues the lowest, ascending, each as often as it occurs
 * @param {"fixed"|"free"} rim
 * @returns {{area: number, areaError: number, perimeter: number, perimeterError: number, constant: number,
 *   constantError: number}}
 */
export function estimateShape(eigenvalues, rim) {
  const count = eigenvalues.length;
  if (count < FEWEST_EIGENVALUES) {
    throw new Error(`An estimate needs ${FEWEST_EIGENVALUES} eigenvalues or more, got ${count}.`);
  }
  const numbers = Array.from({ length: count }, (_, i) => i);
  const rows = numbers.map((i) => weylTerms(Math.max(0, eigenvalues[i]), rim));
  const fit = (kept) => leastSquares(kept.map((i) => rows[i]), kept.map((i) => i + 0.5));
  const best = fit(numbers);
  const block = (i) => Math.floor((i * JACKKNIFE_BLOCKS) / count);
  const leftOut = Array.from({ length: JACKKNIFE_BLOCKS }, (_, b) => fit(numbers.filter((i) => block(i) !== b)));
  const errors = best.map((_, term) => {
    const mean = leftOut.reduce((sum, values) => sum + values[term], 0) / JACKKNIFE_BLOCKS;
    const squares = leftOut.reduce((sum, values) => sum + (values[term] - mean) ** 2, 0);
    return Math.sqrt(((JACKKNIFE_BLOCKS - 1) / JACKKNIFE_BLOCKS) * squares);
  });
  return {
    area: best[0],
    areaError: errors[0],
    perimeter: best[1],
    perimeterError: errors[1],
    constant: best[2],
    constantError: errors[2],
  };
}

/**
 * Return eigenvalues on a grid, corrected on average over directions for the error of the five-point Laplacian.
 * @param {ArrayLike<number>} eigenvalues
 * @param {number} spacing
 * @returns {Float64Array}
 */
export function correctForGrid(eigenvalues, spacing) {
  return Float64Array.from(eigenvalues, (value) => value + (spacing * value) ** 2 / 16);
}

/** Return the factors of area, rim and constant in Weyl's law. */
function weylTerms(eigenvalue, rim) {
  const sign = rim === "free" ? 1 : -1;
  return [eigenvalue / (4 * Math.PI), (sign * Math.sqrt(eigenvalue)) / (4 * Math.PI), 1];
}

/** Return the solution of least squares for rows of factors, by the modified Gram-Schmidt process. */
function leastSquares(rows, targets) {
  const columns = rows[0].map((_, term) => rows.map((row) => row[term]));
  const residual = [...targets];
  const triangle = [];
  const projections = [];
  columns.forEach((column, term) => {
    const norm = Math.sqrt(dotProduct(column, column));
    const unit = column.map((value) => value / norm);
    triangle[term] = columns.map((other, later) => {
      if (later < term) return 0;
      if (later === term) return norm;
      const overlap = dotProduct(unit, other);
      other.forEach((_, i) => (other[i] -= overlap * unit[i]));
      return overlap;
    });
    projections[term] = dotProduct(unit, residual);
    residual.forEach((_, i) => (residual[i] -= projections[term] * unit[i]));
  });
  const solution = [];
  for (let term = columns.length - 1; term >= 0; term--) {
    let value = projections[term];
    for (let later = term + 1; later < columns.length; later++) value -= triangle[term][later] * solution[later];
    solution[term] = value / triangle[term][term];
  }
  return solution;
}

function dotProduct(first, second) {
  return first.reduce((sum, value, i) => sum + value * second[i], 0);
}
