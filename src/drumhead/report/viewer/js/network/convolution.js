// 3x3 convolutions with stride 1, as products with the 3x3 surroundings of each pixel.

import { activate } from "./activations.js";
import { BLOCK_PANELS, TILE, multiplyPanels, packMatrix } from "./product.js";

export class Convolution {
  /**
   * @param {{shape: number[], values: Float32Array}} weight (out channel, channel, 3, 3)
   * @param {{values: Float32Array} | null} bias (out channel)
   */
  constructor(weight, bias) {
    const [outChannels, channels] = weight.shape;
    this.channels = channels;
    this.outChannels = outChannels;
    this.matrix = packMatrix(weight.values, outChannels, channels * 9, bias && bias.values);
    this.surroundings = new Float32Array(BLOCK_PANELS * this.matrix.paddedColumns * TILE);
    this.out = new Float32Array(BLOCK_PANELS * this.matrix.paddedRows * TILE);
  }

  /**
   * Convolve planes whose margin is filled. Yields null where the computation can pause.
   *
   * @param {import("./planes.js").Planes} input
   * @param {import("./planes.js").Planes} output another one
   * @param {"relu" | "tanh" | "linear"} activation
   * @param {number} first the first channel of the input to convolve
   */
  *apply(input, output, activation, first = 0) {
    const { height, width } = input;
    const blockWidth = BLOCK_PANELS * TILE;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x += blockWidth) {
        const pixels = Math.min(blockWidth, width - x);
        const panels = Math.ceil(pixels / TILE);
        this.gather(input, first, y, x, panels);
        yield* multiplyPanels(this.matrix, panels, this.surroundings, this.out);
        activate(this.out, panels * this.matrix.paddedRows * TILE, activation);
        this.scatter(output, y, x, pixels);
      }
      yield null;
    }
  }

  /** Copy the surroundings of the pixels from (y, x) on: (panel, channel * 9, TILE). */
  gather(input, first, y, x, panels) {
    const { surroundings } = this;
    const { values, rowLength } = input;
    for (let panel = 0; panel < panels; panel++) {
      let to = panel * this.matrix.paddedColumns * TILE;
      for (let channel = 0; channel < this.channels; channel++) {
        let from = input.index(first + channel, y - 1, x + panel * TILE - 1);
        for (let row = 0; row < 3; row++) {
          for (let column = 0; column < 3; column++) {
            surroundings[to] = values[from + column];
            surroundings[to + 1] = values[from + column + 1];
            surroundings[to + 2] = values[from + column + 2];
            surroundings[to + 3] = values[from + column + 3];
            to += TILE;
          }
          from += rowLength;
        }
      }
    }
  }

  /** Copy the results of the pixels from (y, x) on into the output. */
  scatter(output, y, x, pixels) {
    const { out } = this;
    const { paddedRows } = this.matrix;
    for (let channel = 0; channel < this.outChannels; channel++) {
      const to = output.index(channel, y, x);
      for (let pixel = 0; pixel < pixels; pixel++) {
        const panel = pixel >> 2;
        output.values[to + pixel] = out[(panel * paddedRows + channel) * TILE + (pixel & 3)];
      }
    }
  }
}
