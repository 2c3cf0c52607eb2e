// Tetrominoes as in the dataset: cells of one colour, each with a frame of another shade.

/** The pieces in the order of their classes, 1 to 5; those that differ from their mirror image have two names. */
export const PIECES = [
  { name: "I", cells: [[1, 1, 1, 1]] },
  {
    name: "O",
    cells: [
      [1, 1],
      [1, 1],
    ],
  },
  {
    name: "T",
    cells: [
      [0, 1, 0],
      [1, 1, 1],
    ],
  },
  {
    name: "S/Z",
    cells: [
      [0, 1, 1],
      [1, 1, 0],
    ],
  },
  {
    name: "J/L",
    cells: [
      [1, 0, 0],
      [1, 1, 1],
    ],
  },
];

/**
 * The cells of a piece, turned anticlockwise by quarter turns and then mirrored.
 * @param {number[][]} cells
 * @param {number} turns
 * @param {boolean} mirrored
 * @returns {number[][]}
 */
export function turnedCells(cells, turns, mirrored) {
  let turned = cells;
  for (let turn = 0; turn < turns; turn++) {
    turned = turned[0].map((_, column) => turned.map((row) => row[row.length - 1 - column]));
  }
  return mirrored ? turned.map((row) => [...row].reverse()) : turned;
}

/**
 * The colour of the frame around a cell: brighter by half; beyond 255 it starts again at 0, as in the dataset.
 * @param {number[]} colour integers from 0 to 255
 */
export function frameColour(colour) {
  return colour.map((level) => (level + (level >> 1)) & 255);
}

/**
 * Draw a piece into an image; what is beyond the image is left out.
 * @param {Float32Array} image 3 * height * width, from 0 to 1
 * @param {number} height
 * @param {number} width
 * @param {{cells: number[][], cell: number, colour: number[], row: number, column: number}} piece cell: the side of a
 *   cell in pixels; row and column: of the top left corner
 */
export function stampPiece(image, height, width, { cells, cell, colour, row, column }) {
  const frame = frameColour(colour);
  cells.forEach((line, cellRow) =>
    line.forEach((isFilled, cellColumn) => {
      if (!isFilled) return;
      for (let y = 0; y < cell; y++) {
        for (let x = 0; x < cell; x++) {
          const [atRow, atColumn] = [row + cellRow * cell + y, column + cellColumn * cell + x];
          if (atRow < 0 || atColumn < 0 || atRow >= height || atColumn >= width) continue;
          const isInner = x > 0 && y > 0 && x < cell - 1 && y < cell - 1;
          const levels = isInner ? colour : frame;
          levels.forEach((level, channel) => {
            image[(channel * height + atRow) * width + atColumn] = level / 255;
          });
        }
      }
    }),
  );
}
