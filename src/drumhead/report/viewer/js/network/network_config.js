// What the page's network can be: its configuration is checked before weights are decoded.

const MODELS = ["nwm", "conv_rnn", "conv_gru", "conv_lstm"];
const READOUTS = ["last", "mean", "max", "fft", "linear"];
const BOUNDARIES = ["circular", "fixed", "free"];
const NONLINEARITIES = ["tanh", "linear"];
/** Greatest number of channels, features, classes or steps. */
const MAX_SIZE = 4096;

/**
 * @param {object} config the model's configuration, as in config.json
 * @throws {Error} a sentence, if a field is not valid
 */
export function checkConfig(config) {
  checkOption("model", config.name, MODELS);
  checkOption("readout", config.readout, READOUTS);
  checkOption("boundary", config.boundary, BOUNDARIES);
  for (const name of ["steps", "hidden_channels", "width"]) checkSize(name, config[name]);
  if (!Array.isArray(config.pixel_widths)) throw new Error("The network's pixel_widths must be a list.");
  for (const width of config.pixel_widths) checkSize("pixel_widths", width);
  if (config.name === "nwm") {
    checkOption("nonlinearity", config.nonlinearity, NONLINEARITIES);
    if (!(config.dt > 0 && Number.isFinite(config.dt))) {
      throw new Error(`The network's dt must be positive and finite; got ${config.dt}.`);
    }
  }
}

/** @param {string} name @param {number} value @throws {Error} unless it is a whole number from 1 to MAX_SIZE */
export function checkSize(name, value) {
  if (!(Number.isInteger(value) && value >= 1 && value <= MAX_SIZE)) {
    throw new Error(`The network's ${name} must be from 1 to ${MAX_SIZE}; got ${value}.`);
  }
}

/** @param {string} name @param {string} value @param {string[]} options */
function checkOption(name, value, options) {
  if (!options.includes(value)) {
    throw new Error(`The network's ${name} must be one of ${options.join(", ")}; got ${value}.`);
  }
}
