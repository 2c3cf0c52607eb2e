// Convolutional RNN, GRU and LSTM cells: the equations of drumhead.fields.cells. A cell's state has the input in its
// first channels and the hidden state in its last, as many of each. `step` replaces the hidden state.

import { sigmoid } from "./activations.js";
import { Convolution } from "./convolution.js";
import { Planes } from "./planes.js";

/** @typedef {import("./weights.js").Weights} Weights */

/** @param {Weights} weights @param {string} name @returns {Convolution} */
function cellConvolution(weights, name) {
  return new Convolution(weights.get(`cell.${name}.weight`), weights.get(`cell.${name}.bias`));
}

/** hidden = relu(conv(input) + conv(hidden)) */
export class RNNCell {
  /** @param {Weights} weights */
  constructor(weights) {
    this.input = cellConvolution(weights, "input");
    this.hidden = cellConvolution(weights, "hidden");
  }

  /**
   * @param {Planes} state
   * @param {"circular" | "fixed" | "free"} boundary
   */
  *step(state, boundary) {
    const channels = state.channels / 2;
    const { height, width } = state;
    state.fillMargin(boundary);
    const half = channels * state.planeLength;
    const [fromInput, fromHidden] = [0, 1].map(() => new Planes(channels, height, width));
    yield* this.input.apply(state, fromInput, "linear");
    yield* this.hidden.apply(state, fromHidden, "linear", channels);
    for (const start of state.rowStarts(channels)) {
      for (let n = start; n < start + width; n++) {
        state.values[half + n] = Math.max(0, fromInput.values[n] + fromHidden.values[n]);
      }
      yield null;
    }
  }
}

/** hidden = (1 - z) hidden + z candidate, with update gate z and reset gate r */
export class GRUCell {
  /** @param {Weights} weights */
  constructor(weights) {
    this.update = cellConvolution(weights, "update");
    this.reset = cellConvolution(weights, "reset");
    this.candidate = cellConvolution(weights, "candidate");
  }

  /**
   * @param {Planes} state
   * @param {"circular" | "fixed" | "free"} boundary
   */
  *step(state, boundary) {
    const channels = state.channels / 2;
    const { height, width } = state;
    state.fillMargin(boundary);
    const half = channels * state.planeLength;
    const [update, reset, candidate] = [0, 1, 2].map(() => new Planes(channels, height, width));
    yield* this.update.apply(state, update, "linear");
    yield* this.reset.apply(state, reset, "linear");
    const resetState = new Planes(2 * channels, height, width);
    resetState.values.set(state.values);
    for (const start of state.rowStarts(channels)) {
      for (let n = start; n < start + width; n++) resetState.values[half + n] *= sigmoid(reset.values[n]);
      yield null;
    }
    resetState.fillMargin(boundary);
    yield* this.candidate.apply(resetState, candidate, "tanh");
    for (const start of state.rowStarts(channels)) {
      for (let n = start; n < start + width; n++) {
        const z = sigmoid(update.values[n]);
        state.values[half + n] = (1 - z) * state.values[half + n] + z * candidate.values[n];
      }
      yield null;
    }
  }
}

/** memory = f memory + i g, hidden = o tanh(memory); the gates are in the order i, f, g, o */
export class LSTMCell {
  /** @param {Weights} weights */
  constructor(weights) {
    this.gates = cellConvolution(weights, "gates");
  }

  /**
   * @param {Planes} state
   * @param {"circular" | "fixed" | "free"} boundary
   * @param {Planes} memory is replaced
   */
  *step(state, boundary, memory) {
    const channels = state.channels / 2;
    const { height, width } = state;
    state.fillMargin(boundary);
    const half = channels * state.planeLength;
    const gates = new Planes(4 * channels, height, width);
    yield* this.gates.apply(state, gates, "linear");
    const g = gates.values;
    for (const start of state.rowStarts(channels)) {
      for (let n = start; n < start + width; n++) {
        const kept = sigmoid(g[half + n]) * memory.values[n];
        const added = sigmoid(g[n]) * Math.tanh(g[2 * half + n]);
        memory.values[n] = kept + added;
        state.values[half + n] = sigmoid(g[3 * half + n]) * Math.tanh(memory.values[n]);
      }
      yield null;
    }
  }
}
