// The weights of a network, checked against what its configuration needs.

import { decodeFloats } from "../shared/float16.js";

/**
 * @typedef {Map<string, {shape: number[], values: Float32Array}>} Weights
 * @typedef {Record<string, {shape: number[], dtype: "float16" | "float32", data: string}>} StoredWeights
 */

/** Greatest number of weights of a network, which is that of drumhead.report.viewer.network_data. */
const MAX_WEIGHTS = 4_000_000;

/**
 * Decode stored weights: those that the configuration needs, with the right shapes, finite.
 *
 * @param {object} config the model's configuration
 * @param {number} channels number of channels of the images
 * @param {number} classes
 * @param {StoredWeights} stored
 * @returns {Weights}
 * @throws {Error} a sentence, if weights are missing, have another shape, are too many or not finite
 */
export function decodeWeights(config, channels, classes, stored) {
  const shapes = weightShapes(config, channels, classes);
  const count = shapes.reduce((sum, [, shape]) => sum + size(shape), 0);
  if (!(count <= MAX_WEIGHTS)) {
    throw new Error(`A network in a page may have at most ${MAX_WEIGHTS} weights; this one has ${count}.`);
  }
  const weights = new Map();
  for (const [name, shape] of shapes) {
    const weight = stored[name];
    if (weight === undefined) throw new Error(`The network has no weights ${name}.`);
    if (String(weight.shape) !== String(shape)) {
      throw new Error(`The weights ${name} must have the shape ${shape.join(" x ")}; they have ${weight.shape}.`);
    }
    const values = decodeFloats(weight.data, weight.dtype);
    if (values.length !== size(shape)) {
      throw new Error(`The weights ${name} must be ${size(shape)} numbers; they are ${values.length}.`);
    }
    if (!values.every(Number.isFinite)) throw new Error(`The weights ${name} must be finite.`);
    weights.set(name, { shape, values });
  }
  return weights;
}

/** @param {number[]} shape @returns {number} */
function size(shape) {
  return shape.reduce((product, length) => product * length, 1);
}

/**
 * @param {object} config
 * @param {number} channels
 * @param {number} classes
 * @returns {Array<[string, number[]]>} name and shape of each weight, as in the model's state dict
 */
function weightShapes(config, channels, classes) {
  const { name, steps, readout, hidden_channels: hidden, width, pixel_widths: widths } = config;
  const bins = Math.floor(steps / 2) + 1;
  const transformed = readout === "fft" || readout === "linear";
  const head = layerShapes("pixel_network", [hidden * (transformed ? bins : 1), ...widths, classes]);
  if (readout === "linear") head.push(["readout.time.weight", [bins, steps]]);
  const long = [channels, width, width, width, hidden];
  const short = [channels, width, width, hidden];
  if (name === "nwm") {
    return [
      ["coupling", [hidden, hidden, 3, 3]],
      ...encoderShapes("y0_encoder", long),
      ...encoderShapes("omega_encoder", short),
      ...encoderShapes("alpha_encoder", short),
      ...head,
    ];
  }
  return [
    ...encoderShapes("input_encoder", long),
    ...encoderShapes("hidden_encoder", short),
    ...(name === "conv_lstm" ? encoderShapes("memory_encoder", short) : []),
    ...cellShapes(name, hidden),
    ...layerShapes("next_input", [hidden, 2 * hidden, hidden]),
    ...head,
  ];
}

/** Shapes of the weights and biases of 3x3 convolutions between numbers of channels. */
function encoderShapes(name, channels) {
  return channels.slice(1).flatMap((out, n) => convolutionShapes(`${name}.${2 * n}`, out, channels[n]));
}

/** Shapes of the weights and biases of fully connected layers of these widths. */
function layerShapes(name, widths) {
  return widths.slice(1).flatMap((out, n) => [
    [`${name}.layers.${2 * n}.weight`, [out, widths[n]]],
    [`${name}.layers.${2 * n}.bias`, [out]],
  ]);
}

/** Shapes of the weights and biases of a cell. */
function cellShapes(name, hidden) {
  const parts = {
    conv_rnn: { input: [hidden, hidden], hidden: [hidden, hidden] },
    conv_gru: { update: [hidden, 2 * hidden], reset: [hidden, 2 * hidden], candidate: [hidden, 2 * hidden] },
    conv_lstm: { gates: [4 * hidden, 2 * hidden] },
  };
  return Object.entries(parts[name]).flatMap(([part, [out, channels]]) => {
    return convolutionShapes(`cell.${part}`, out, channels);
  });
}

/** Shapes of the weights and biases of one 3x3 convolution. */
function convolutionShapes(name, out, channels) {
  return [
    [`${name}.weight`, [out, channels, 3, 3]],
    [`${name}.bias`, [out]],
  ];
}
