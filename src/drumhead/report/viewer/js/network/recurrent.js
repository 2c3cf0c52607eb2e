// Convolutional recurrent networks: drumhead.models.conv_rnn. The pixel layers `next_input` compute the next input from
// the hidden state; these inputs are the frames.

import { GRUCell, LSTMCell, RNNCell } from "./cells.js";
import { Encoder } from "./encoder.js";
import { PixelLayers } from "./pixel_layers.js";
import { Planes } from "./planes.js";
import { BLOCK_PANELS, TILE } from "./product.js";

const CELLS = { conv_rnn: RNNCell, conv_gru: GRUCell, conv_lstm: LSTMCell };

/** The encoders, the cell and the layers of a convolutional recurrent network. */
export class RecurrentDynamics {
  /**
   * @param {object} config the model's configuration
   * @param {import("./weights.js").Weights} weights
   */
  constructor(config, weights) {
    this.config = config;
    this.inputEncoder = new Encoder(weights, "input_encoder", 4, "tanh");
    this.hiddenEncoder = new Encoder(weights, "hidden_encoder", 3, "linear");
    this.memoryEncoder = config.name === "conv_lstm" ? new Encoder(weights, "memory_encoder", 3, "linear") : null;
    this.cell = new CELLS[config.name](weights);
    this.nextInput = new PixelLayers(weights, "next_input", 2);
  }

  /**
   * Encode the first input and the state before the first step; yields null where the computation can pause.
   *
   * @param {Planes} image its margin is 0
   * @returns {Generator<null, RecurrentField>}
   */
  *start(image) {
    const input = yield* this.inputEncoder.apply(image);
    const hidden = yield* this.hiddenEncoder.apply(image);
    const memory = this.memoryEncoder && (yield* this.memoryEncoder.apply(image));
    return new RecurrentField(this, input, hidden, memory);
  }
}

/** The state of a convolutional recurrent network. */
export class RecurrentField {
  /**
   * @param {RecurrentDynamics} dynamics
   * @param {Planes} input
   * @param {Planes} hidden
   * @param {Planes | null} memory of an LSTM
   */
  constructor(dynamics, input, hidden, memory) {
    this.dynamics = dynamics;
    this.memory = memory;
    this.channels = hidden.channels;
    this.stiffness = null;
    this.damping = null;
    const half = this.channels * hidden.planeLength;
    /** Input and hidden state. */
    this.state = new Planes(2 * this.channels, hidden.height, hidden.width);
    this.state.values.set(input.values.subarray(0, half));
    this.state.values.set(hidden.values.subarray(0, half), half);
  }

  /** The planes whose first channels are shown and read out. */
  get shown() {
    return this.state;
  }

  /** Take one step; yields null where the computation can pause. */
  *step() {
    const { cell, config, nextInput } = this.dynamics;
    yield* cell.step(this.state, config.boundary, this.memory);
    const { height, width, values, planeLength } = this.state;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x += BLOCK_PANELS * TILE) {
        const pixels = Math.min(BLOCK_PANELS * TILE, width - x);
        const panels = Math.ceil(pixels / TILE);
        const hidden = this.state.index(this.channels, y, x);
        for (let channel = 0; channel < this.channels; channel++) {
          nextInput.setFeature(channel, values, hidden + channel * planeLength, panels);
        }
        yield* nextInput.apply(panels, values, this.state.index(0, y, x), pixels, planeLength);
      }
      yield null;
    }
  }
}
