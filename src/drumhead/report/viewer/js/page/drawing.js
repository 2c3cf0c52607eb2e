// A drawing: an image that is changed stroke by stroke, and whose last strokes can be undone.

import { stampPiece } from "./tetromino.js";

/** The number of strokes that can be undone. */
const MOST_UNDONE = 50;

export class Drawing {
  /**
   * @param {number} channels
   * @param {number} height
   * @param {number} width
   */
  constructor(channels, height, width) {
    this.channels = channels;
    this.height = height;
    this.width = width;
    /** channels * height * width, from 0 to 1 */
    this.image = new Float32Array(channels * height * width);
    /** @type {Float32Array[]} */
    this.before = [];
  }

  /** Keep the image as it is, so that what follows can be undone. */
  begin() {
    this.before.push(this.image.slice());
    if (this.before.length > MOST_UNDONE) this.before.shift();
  }

  /** Whether there is a stroke to undo. */
  get canUndo() {
    return this.before.length > 0;
  }

  undo() {
    if (this.canUndo) this.image = this.before.pop();
  }

  clear() {
    this.begin();
    this.image.fill(0);
  }

  /**
   * Draw a piece.
   * @param {{cells: number[][], cell: number, colour: number[], row: number, column: number}} piece
   */
  stamp(piece) {
    stampPiece(this.image, this.height, this.width, piece);
  }

  /**
   * Paint a round brush along a line.
   * @param {{row: number, column: number}} from
   * @param {{row: number, column: number}} to
   * @param {number} size the brush's diameter in pixels, 1 or more
   * @param {number[]} levels the value of each channel, from 0 to 1
   */
  paint(from, to, size, levels) {
    const length = Math.max(Math.abs(to.row - from.row), Math.abs(to.column - from.column));
    for (let at = 0; at <= length; at++) {
      const share = length === 0 ? 0 : at / length;
      const row = from.row + share * (to.row - from.row);
      const column = from.column + share * (to.column - from.column);
      this.dab(Math.round(row), Math.round(column), size, levels);
    }
  }

  dab(row, column, size, levels) {
    const shift = (size - 1) / 2;
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        if (Math.hypot(y - shift, x - shift) > size / 2) continue;
        const [atRow, atColumn] = [row + y - Math.floor(shift), column + x - Math.floor(shift)];
        if (atRow < 0 || atColumn < 0 || atRow >= this.height || atColumn >= this.width) continue;
        levels.forEach((level, channel) => {
          this.image[(channel * this.height + atRow) * this.width + atColumn] = level;
        });
      }
    }
  }
}
