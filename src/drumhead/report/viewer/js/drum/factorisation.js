// The factors of a sparse symmetric matrix whose entries are near its diagonal.

/**
 * A symmetric matrix: of row i the entries from column first[i] to the diagonal.
 * @typedef {object} ProfileMatrix
 * @property {number} size
 * @property {Int32Array} first (row,): the column of its first entry
 * @property {Int32Array} start (row + 1,): where the entries of the row begin
 * @property {Float64Array} entries the entries of all rows, one after the other
 */

/**
 * Return a matrix with these entries.
 * @param {ArrayLike<number>} diagonal (row,)
 * @param {number[][]} links triples (row, column, value) with column < row
 * @returns {ProfileMatrix}
 */
export function profileMatrix(diagonal, links) {
  const size = diagonal.length;
  const first = Int32Array.from({ length: size }, (_, row) => row);
  for (const [row, column] of links) first[row] = Math.min(first[row], column);
  const start = new Int32Array(size + 1);
  for (let row = 0; row < size; row++) start[row + 1] = start[row] + row - first[row] + 1;
  const entries = new Float64Array(start[size]);
  for (let row = 0; row < size; row++) entries[start[row + 1] - 1] = diagonal[row];
  for (const [row, column, value] of links) entries[start[row] + column - first[row]] = value;
  return { size, first, start, entries };
}

/**
 * Return the factors of matrix - shift = L D L^T: L below the diagonal, where its own 1 is replaced by D.
 * @param {ProfileMatrix} matrix
 * @param {number} shift
 * @returns {ProfileMatrix}
 */
export function factorised({ size, first, start, entries }, shift) {
  const factors = entries.slice();
  for (let row = 0; row < size; row++) {
    const begin = start[row];
    const offset = begin - first[row]; // column k of this row is at offset + k
    for (let column = first[row]; column < row; column++) {
      const from = Math.max(first[row], first[column]);
      const other = start[column] - first[column];
      factors[offset + column] -= innerProduct(factors, offset + from, factors, other + from, column - from);
    }
    let pivot = factors[offset + row] - shift;
    for (let column = first[row]; column < row; column++) {
      const scaled = factors[offset + column] / factors[start[column + 1] - 1];
      pivot -= scaled * factors[offset + column];
      factors[offset + column] = scaled;
    }
    factors[offset + row] = pivot;
  }
  return { size, first, start, entries: factors };
}

/**
 * Return the number of eigenvalues below the shift of a factorisation, by Sylvester's law of inertia.
 * @param {ProfileMatrix} factors
 * @returns {number}
 */
export function countBelow({ size, start, entries }) {
  let count = 0;
  for (let row = 0; row < size; row++) if (entries[start[row + 1] - 1] < 0) count++;
  return count;
}

/**
 * Solve the system for two right sides, in place; the factors are read once for both.
 * @param {ProfileMatrix} factors
 * @param {Float64Array} one
 * @param {Float64Array} two
 */
export function solveFactorised({ size, first, start, entries }, one, two) {
  for (let row = 0; row < size; row++) {
    let [a, b, c, d] = [0, 0, 0, 0];
    let column = first[row];
    let at = start[row];
    for (; column + 1 < row; column += 2, at += 2) {
      a += entries[at] * one[column];
      b += entries[at] * two[column];
      c += entries[at + 1] * one[column + 1];
      d += entries[at + 1] * two[column + 1];
    }
    if (column < row) {
      a += entries[at] * one[column];
      b += entries[at] * two[column];
    }
    one[row] -= a + c;
    two[row] -= b + d;
  }
  for (let row = 0; row < size; row++) {
    const pivot = entries[start[row + 1] - 1];
    one[row] /= pivot;
    two[row] /= pivot;
  }
  for (let row = size - 1; row >= 0; row--) {
    const [a, b] = [one[row], two[row]];
    for (let column = first[row], at = start[row]; column < row; column++, at++) {
      const entry = entries[at];
      one[column] -= entry * a;
      two[column] -= entry * b;
    }
  }
}

/** Return the inner product of two stretches of arrays; four sums at once are faster than one. */
export function innerProduct(first, firstAt, second, secondAt, length) {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < length; i += 4) {
    a += first[firstAt + i] * second[secondAt + i];
    b += first[firstAt + i + 1] * second[secondAt + i + 1];
    c += first[firstAt + i + 2] * second[secondAt + i + 2];
    d += first[firstAt + i + 3] * second[secondAt + i + 3];
  }
  for (; i < length; i++) a += first[firstAt + i] * second[secondAt + i];
  return a + b + (c + d);
}

/** Add a stretch of an array times a factor to a stretch of another. */
export function addScaled(target, targetAt, source, sourceAt, length, factor) {
  for (let i = 0; i < length; i++) target[targetAt + i] += factor * source[sourceAt + i];
}
