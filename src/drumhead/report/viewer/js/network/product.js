// Products of a weight matrix with the features of many pixels: where the network spends most of its time.
//
// Pixels are taken four at a time. Such a panel of features is stored feature by feature, four pixels each. The matrix
// is stored four rows at a time, column by column. The inner loop computes 4 rows x 4 pixels, whose 16 sums stay in
// registers. Rows and columns are filled up with zeros to multiples of four.

/** Number of rows, and of pixels, that are computed at once. */
export const TILE = 4;
/** Greatest number of panels in a block of pixels: their features stay in the cache while the matrix passes. */
export const BLOCK_PANELS = 16;
/** Number of multiplications after which a computation offers a pause: about a millisecond. */
const PAUSE_AFTER = 1_000_000;

/**
 * @typedef {object} PackedMatrix
 * @property {number} rows rows of the matrix
 * @property {number} paddedRows the same, filled up to a multiple of TILE
 * @property {number} paddedColumns its columns, filled up
 * @property {Float32Array} values (paddedRows / TILE, paddedColumns, TILE)
 * @property {Float32Array} bias (paddedRows)
 */

/** @param {number} count @returns {number} the next multiple of TILE */
export function padToTile(count) {
  return Math.ceil(count / TILE) * TILE;
}

/**
 * @param {Float32Array} matrix (rows, columns)
 * @param {number} rows
 * @param {number} columns
 * @param {Float32Array | null} bias (rows)
 * @returns {PackedMatrix}
 */
export function packMatrix(matrix, rows, columns, bias) {
  const paddedRows = padToTile(rows);
  const paddedColumns = padToTile(columns);
  const values = new Float32Array(paddedRows * paddedColumns);
  for (let row = 0; row < rows; row++) {
    const start = (row - (row % TILE)) * paddedColumns + (row % TILE);
    for (let column = 0; column < columns; column++) values[start + column * TILE] = matrix[row * columns + column];
  }
  const paddedBias = new Float32Array(paddedRows);
  if (bias !== null) paddedBias.set(bias);
  return { rows, paddedRows, paddedColumns, values, bias: paddedBias };
}

/**
 * Multiply a matrix with panels of features, and add its bias. Yields null where the computation can pause.
 *
 * @param {PackedMatrix} matrix
 * @param {number} panels number of panels
 * @param {Float32Array} features (panels, matrix.paddedColumns, TILE); what is beyond the columns must be finite
 * @param {Float32Array} out (panels, matrix.paddedRows, TILE)
 */
export function* multiplyPanels(matrix, panels, features, out) {
  const { values, bias, paddedRows, paddedColumns } = matrix;
  let work = 0;
  for (let row = 0; row < paddedRows; row += TILE) {
    const value = row * paddedColumns;
    for (let panel = 0; panel < panels; panel++) {
      const feature = panel * paddedColumns * TILE;
      const start = (panel * paddedRows + row) * TILE;
      multiplyTile(values, value, bias, row, features, feature, out, start, paddedColumns);
    }
    work += panels * paddedColumns * TILE * TILE;
    if (work >= PAUSE_AFTER) {
      work = 0;
      yield null;
    }
  }
}

/** Compute 4 rows x 4 pixels; the arguments are arrays and where in them the tile starts. Sums are in float64. */
function multiplyTile(values, value, bias, row, features, feature, out, start, columns) {
  let s00 = bias[row];
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = bias[row + 1];
  let s11 = s10;
  let s12 = s10;
  let s13 = s10;
  let s20 = bias[row + 2];
  let s21 = s20;
  let s22 = s20;
  let s23 = s20;
  let s30 = bias[row + 3];
  let s31 = s30;
  let s32 = s30;
  let s33 = s30;
  for (let column = 0; column < columns; column++) {
    const x0 = features[feature];
    const x1 = features[feature + 1];
    const x2 = features[feature + 2];
    const x3 = features[feature + 3];
    const w0 = values[value];
    s00 += w0 * x0;
    s01 += w0 * x1;
    s02 += w0 * x2;
    s03 += w0 * x3;
    const w1 = values[value + 1];
    s10 += w1 * x0;
    s11 += w1 * x1;
    s12 += w1 * x2;
    s13 += w1 * x3;
    const w2 = values[value + 2];
    s20 += w2 * x0;
    s21 += w2 * x1;
    s22 += w2 * x2;
    s23 += w2 * x3;
    const w3 = values[value + 3];
    s30 += w3 * x0;
    s31 += w3 * x1;
    s32 += w3 * x2;
    s33 += w3 * x3;
    value += TILE;
    feature += TILE;
  }
  out[start] = s00;
  out[start + 1] = s01;
  out[start + 2] = s02;
  out[start + 3] = s03;
  out[start + 4] = s10;
  out[start + 5] = s11;
  out[start + 6] = s12;
  out[start + 7] = s13;
  out[start + 8] = s20;
  out[start + 9] = s21;
  out[start + 10] = s22;
  out[start + 11] = s23;
  out[start + 12] = s30;
  out[start + 13] = s31;
  out[start + 14] = s32;
  out[start + 15] = s33;
}
