// Fully connected layers with a ReLU between two layers, the same at every pixel: drumhead.models.pixel_mlp.

import { activate } from "./activations.js";
import { BLOCK_PANELS, TILE, multiplyPanels, packMatrix } from "./product.js";

export class PixelLayers {
  /**
   * @param {import("./weights.js").Weights} weights
   * @param {string} name such as "pixel_network"
   * @param {number} layers number of layers
   */
  constructor(weights, name, layers) {
    this.matrices = [];
    for (let layer = 0; layer < layers; layer++) {
      const weight = weights.get(`${name}.layers.${2 * layer}.weight`);
      const bias = weights.get(`${name}.layers.${2 * layer}.bias`);
      this.matrices.push(packMatrix(weight.values, weight.shape[0], weight.shape[1], bias.values));
    }
    this.outs = this.matrices.map((matrix) => new Float32Array(BLOCK_PANELS * matrix.paddedRows * TILE));
    /** Features of a block of pixels, to be filled before `apply`: (panel, paddedFeatures, TILE). */
    this.paddedFeatures = this.matrices[0].paddedColumns;
    this.features = new Float32Array(BLOCK_PANELS * this.paddedFeatures * TILE);
  }

  /** Set a feature of a block of pixels to the values from `start` on. */
  setFeature(feature, values, start, panels) {
    for (let panel = 0; panel < panels; panel++) {
      const to = (panel * this.paddedFeatures + feature) * TILE;
      for (let pixel = 0; pixel < TILE; pixel++) this.features[to + pixel] = values[start + panel * TILE + pixel];
    }
  }

  /**
   * Apply all layers to the first panels of `features`; yields null where the computation can pause.
   *
   * @param {number} panels
   * @param {Float32Array} out (row, rowLength): the results of a pixel are in one column
   * @param {number} start column of the first pixel
   * @param {number} pixels number of pixels, at most TILE for each panel
   * @param {number} rowLength
   */
  *apply(panels, out, start, pixels, rowLength) {
    let features = this.features;
    for (const [layer, matrix] of this.matrices.entries()) {
      yield* multiplyPanels(matrix, panels, features, this.outs[layer]);
      features = this.outs[layer];
      if (layer < this.matrices.length - 1) activate(features, panels * matrix.paddedRows * TILE, "relu");
    }
    const { rows, paddedRows } = this.matrices[this.matrices.length - 1];
    for (let row = 0; row < rows; row++) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        out[row * rowLength + start + pixel] = features[((pixel >> 2) * paddedRows + row) * TILE + (pixel & 3)];
      }
    }
  }
}
