// Encoders: stacks of 3x3 convolutions with zeros beyond the edge and a ReLU between two convolutions.

import { Convolution } from "./convolution.js";
import { Planes } from "./planes.js";

export class Encoder {
  /**
   * @param {import("./weights.js").Weights} weights
   * @param {string} name such as "omega_encoder"
   * @param {number} layers number of convolutions
   * @param {"relu" | "tanh" | "linear"} last what follows the last convolution
   */
  constructor(weights, name, layers, last) {
    this.last = last;
    this.layers = [];
    for (let layer = 0; layer < layers; layer++) {
      const part = `${name}.${2 * layer}`;
      this.layers.push(new Convolution(weights.get(`${part}.weight`), weights.get(`${part}.bias`)));
    }
  }

  /**
   * Encode an image; yields null where the computation can pause.
   *
   * @param {Planes} image its margin is 0
   * @returns {Generator<null, Planes>} the encoded image; its margin is 0
   */
  *apply(image) {
    let planes = image;
    for (const [number, layer] of this.layers.entries()) {
      const next = new Planes(layer.outChannels, image.height, image.width);
      yield* layer.apply(planes, next, number === this.layers.length - 1 ? this.last : "relu");
      planes = next;
    }
    return planes;
  }
}
