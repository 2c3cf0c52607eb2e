// Readouts over time: drumhead.models.readouts. They fill the features of a block of pixels from the states of all
// steps, (step, channel, pixel). Features of the Fourier and the linear readout are numbered bin * channels + channel.

import { BLOCK_PANELS, TILE, multiplyPanels, packMatrix } from "./product.js";

/**
 * @param {object} config the model's configuration
 * @param {import("./weights.js").Weights} weights
 * @returns {FrameReadout | TransformReadout}
 */
export function makeReadout(config, weights) {
  const { readout, steps, hidden_channels: channels } = config;
  const bins = Math.floor(steps / 2) + 1;
  if (readout === "linear") {
    const matrix = packMatrix(weights.get("readout.time.weight").values, bins, steps, null);
    return new TransformReadout(matrix, bins, steps, channels, false);
  }
  if (readout === "fft") {
    const matrix = packMatrix(fourierMatrix(steps), 2 * bins, steps, null);
    return new TransformReadout(matrix, bins, steps, channels, true);
  }
  return new FrameReadout(readout, steps, channels);
}

/** @param {number} steps @returns {Float32Array} (2 * bins, steps): real parts of all bins, then imaginary parts */
export function fourierMatrix(steps) {
  const bins = Math.floor(steps / 2) + 1;
  const matrix = new Float32Array(2 * bins * steps);
  for (let bin = 0; bin < bins; bin++) {
    for (let step = 0; step < steps; step++) {
      const angle = (2 * Math.PI * ((bin * step) % steps)) / steps;
      matrix[bin * steps + step] = Math.cos(angle);
      matrix[(bins + bin) * steps + step] = -Math.sin(angle);
    }
  }
  return matrix;
}

/** The last frame, the mean or the maximum over time. */
class FrameReadout {
  /**
   * @param {"last" | "mean" | "max"} name
   * @param {number} steps
   * @param {number} channels
   */
  constructor(name, steps, channels) {
    this.name = name;
    this.steps = steps;
    this.channels = channels;
    this.values = new Float64Array(BLOCK_PANELS * TILE);
  }

  /**
   * Fill the features of the pixels from `start` on.
   *
   * @param {Float32Array} states (step, channel, pixel)
   * @param {number} length number of pixels of a channel
   * @param {number} start first pixel
   * @param {number} pixels number of pixels
   * @param {import("./pixel_layers.js").PixelLayers} layers
   */
  *fill(states, length, start, pixels, layers) {
    const { name, steps, channels, values } = this;
    for (let channel = 0; channel < channels; channel++) {
      for (let step = name === "last" ? steps - 1 : 0, first = step; step < steps; step++) {
        const from = (step * channels + channel) * length + start;
        for (let pixel = 0; pixel < pixels; pixel++) {
          const value = states[from + pixel];
          if (step === first) values[pixel] = value;
          else if (name === "mean") values[pixel] += value;
          else if (value > values[pixel]) values[pixel] = value;
        }
      }
      if (name === "mean") for (let pixel = 0; pixel < pixels; pixel++) values[pixel] /= steps;
      layers.setFeature(channel, values, 0, Math.ceil(pixels / TILE));
      yield null;
    }
  }
}

/** A linear map over time, or the magnitudes of the Fourier transform. */
class TransformReadout {
  /**
   * @param {import("./product.js").PackedMatrix} matrix (bins or 2 * bins, steps)
   * @param {number} bins
   * @param {number} steps
   * @param {number} channels
   * @param {boolean} magnitudes whether the matrix has real and imaginary parts, whose magnitudes are the features
   */
  constructor(matrix, bins, steps, channels, magnitudes) {
    this.matrix = matrix;
    this.bins = bins;
    this.steps = steps;
    this.channels = channels;
    this.magnitudes = magnitudes;
    this.series = new Float32Array(BLOCK_PANELS * matrix.paddedColumns * TILE);
    this.out = new Float32Array(BLOCK_PANELS * matrix.paddedRows * TILE);
  }

  /** Fill the features of the pixels from `start` on; the arguments are those of FrameReadout.fill. */
  *fill(states, length, start, pixels, layers) {
    const panels = Math.ceil(pixels / TILE);
    for (let channel = 0; channel < this.channels; channel++) {
      this.gather(states, length, start, pixels, channel);
      yield* multiplyPanels(this.matrix, panels, this.series, this.out);
      this.setFeatures(channel, panels, layers);
    }
  }

  /** Copy the time series of the pixels: (panel, step, TILE). */
  gather(states, length, start, pixels, channel) {
    const { series, steps, channels } = this;
    const { paddedColumns } = this.matrix;
    for (let step = 0; step < steps; step++) {
      const from = (step * channels + channel) * length + start;
      for (let pixel = 0; pixel < pixels; pixel++) {
        series[((pixel >> 2) * paddedColumns + step) * TILE + (pixel & 3)] = states[from + pixel];
      }
    }
  }

  /** Copy the features of a channel. */
  setFeatures(channel, panels, layers) {
    const { out, bins, magnitudes, channels } = this;
    const { paddedRows } = this.matrix;
    for (let panel = 0; panel < panels; panel++) {
      for (let bin = 0; bin < bins; bin++) {
        const to = (panel * layers.paddedFeatures + bin * channels + channel) * TILE;
        const real = (panel * paddedRows + bin) * TILE;
        const imaginary = real + bins * TILE;
        for (let pixel = 0; pixel < TILE; pixel++) {
          const a = out[real + pixel];
          if (magnitudes) {
            const b = out[imaginary + pixel];
            layers.features[to + pixel] = Math.sqrt(a * a + b * b);
          } else {
            layers.features[to + pixel] = a;
          }
        }
      }
    }
  }
}
