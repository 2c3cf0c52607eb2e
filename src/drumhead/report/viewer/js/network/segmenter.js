// The whole network: from an image to the states over time, and to the logits of the classes at every pixel.

import { checkConfig, checkSize } from "./network_config.js";
import { PixelLayers } from "./pixel_layers.js";
import { Planes } from "./planes.js";
import { BLOCK_PANELS, TILE } from "./product.js";
import { makeReadout } from "./readouts.js";
import { RecurrentDynamics } from "./recurrent.js";
import { WaveDynamics } from "./wave.js";
import { decodeWeights } from "./weights.js";

/** Greatest number of states of an image, in all steps: 256 MB. */
const MAX_STATES = 2 ** 26;

/**
 * @typedef {{type: "maps", stiffness: Float32Array | null, damping: Float32Array | null}} MapsPart
 *   maps (channel, height, width) of a wave network
 * @typedef {{type: "frame", number: number, states: Float32Array}} FramePart
 *   frame `number` is in the states (frame, channel, height, width); frame 0 is the initial state
 * @typedef {{type: "logits", logits: Float32Array}} LogitsPart (class, height, width)
 */

export class Segmenter {
  /**
   * @param {{config: object, classes: string[], weights: import("./weights.js").StoredWeights}} network
   * @throws {Error} a sentence, if it is not a network that can run here
   */
  constructor(network) {
    const { config, classes, weights: stored } = network;
    checkConfig(config);
    checkSize("number of classes", classes.length);
    const encoder = config.name === "nwm" ? "y0_encoder" : "input_encoder";
    const first = stored[`${encoder}.0.weight`];
    /** Number of channels of the images. */
    this.channels = first ? first.shape[1] : 1;
    checkSize("number of image channels", this.channels);
    const weights = decodeWeights(config, this.channels, classes.length, stored);
    this.config = config;
    this.classes = classes.length;
    this.dynamics = new (config.name === "nwm" ? WaveDynamics : RecurrentDynamics)(config, weights);
    this.readout = makeReadout(config, weights);
    this.pixelNetwork = new PixelLayers(weights, "pixel_network", config.pixel_widths.length + 1);
  }

  /**
   * Compute states and logits. Yields each part when it is there, and null, often, where the computation can pause.
   *
   * @param {Float32Array} image (channel, height, width)
   * @param {number} height
   * @param {number} width
   * @returns {Generator<MapsPart | FramePart | LogitsPart | null>}
   * @throws {Error} a sentence, if the image has another size or is not finite, or the states do not stay finite
   */
  *run(image, height, width) {
    const { steps, hidden_channels: channels } = this.config;
    this.checkImage(image, height, width);
    const planes = new Planes(this.channels, height, width);
    planes.write(image);
    const field = yield* this.dynamics.start(planes);
    yield { type: "maps", stiffness: field.stiffness, damping: field.damping };
    const frameLength = channels * height * width;
    const states = new Float32Array((steps + 1) * frameLength);
    for (let number = 0; number <= steps; number++) {
      if (number > 0) yield* field.step();
      field.shown.read(states, number * frameLength, 0, channels);
      checkFinite(states, number, frameLength);
      yield { type: "frame", number, states };
    }
    const logits = yield* this.readOut(states.subarray(frameLength), height * width);
    yield { type: "logits", logits };
  }

  /** Compute the logits (class, pixel) from the states after each step. */
  *readOut(states, length) {
    const logits = new Float32Array(this.classes * length);
    for (let start = 0; start < length; start += BLOCK_PANELS * TILE) {
      const pixels = Math.min(BLOCK_PANELS * TILE, length - start);
      yield* this.readout.fill(states, length, start, pixels, this.pixelNetwork);
      yield* this.pixelNetwork.apply(Math.ceil(pixels / TILE), logits, start, pixels, length);
      yield null;
    }
    return logits;
  }

  checkImage(image, height, width) {
    for (const [name, value] of [["height", height], ["width", width]]) {
      if (!(Number.isInteger(value) && value >= 1)) {
        throw new Error(`The image's ${name} must be a whole number of pixels; got ${value}.`);
      }
    }
    const { steps, hidden_channels: channels } = this.config;
    if (!((steps + 1) * channels * height * width <= MAX_STATES)) {
      throw new Error(
        `An image of ${height} x ${width} pixels is too large for ${steps} steps of ${channels} channels: ` +
          `at most ${Math.floor(MAX_STATES / ((steps + 1) * channels))} pixels fit.`,
      );
    }
    if (image.length !== this.channels * height * width) {
      throw new Error(
        `The image must be ${this.channels} channels of ${height} x ${width} pixels; got ${image.length} numbers.`,
      );
    }
    if (!image.every(Number.isFinite)) throw new Error("The image's values must be finite.");
  }
}

/** @throws {Error} if a frame of the states is not finite */
function checkFinite(states, number, frameLength) {
  let sum = 0;
  for (let n = number * frameLength; n < (number + 1) * frameLength; n++) sum += states[n];
  if (!Number.isFinite(sum)) {
    throw new Error(`The states grow beyond all bounds at step ${number}: the network's time step is unstable here.`);
  }
}
