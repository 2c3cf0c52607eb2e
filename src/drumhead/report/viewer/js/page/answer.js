// What the network computes for one image: parameter maps, states step by step, and in the end the logits.

/** The share of magnitudes that the colours of a wave represent; the few above have the colour of the limit. */
const SHOWN_SHARE = 0.995;

export class Answer {
  /**
   * @param {{height: number, width: number, channels: number, steps: number, classes: number}} shape steps: without
   *   the initial state
   */
  constructor({ height, width, channels, steps, classes }) {
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.steps = steps;
    this.classes = classes;
    /** The states, frame by frame, each channels * height * width; frame 0 is the initial state. */
    this.states = new Float32Array((steps + 1) * channels * height * width);
    /** The number of frames that are computed. */
    this.frames = 0;
    /** @type {Float32Array | null} channels * height * width */
    this.stiffness = null;
    /** @type {Float32Array | null} */
    this.damping = null;
    /** @type {Float32Array | null} classes * height * width */
    this.logits = null;
    this.seconds = 0;
  }

  /** The number of pixels. */
  get pixels() {
    return this.height * this.width;
  }

  /**
   * Keep the frames that a message of the worker has.
   * @param {{first: number, count: number, states: Float32Array}} message
   */
  addFrames({ first, count, states }) {
    this.states.set(states, first * this.channels * this.pixels);
    this.frames = Math.max(this.frames, first + count);
  }

  /** One channel of one frame, height * width values. */
  frame(number, channel) {
    const start = (number * this.channels + channel) * this.pixels;
    return this.states.subarray(start, start + this.pixels);
  }

  /** One channel of a map, height * width values. */
  map(name, channel) {
    return this[name].subarray(channel * this.pixels, (channel + 1) * this.pixels);
  }

  /** The states of a pixel in one channel, from the initial state to the last computed. */
  series(pixel, channel) {
    const stride = this.channels * this.pixels;
    return Float32Array.from({ length: this.frames }, (_, frame) => this.states[frame * stride + channel * this.pixels + pixel]);
  }

  /** The magnitude that has the brightest colours in all frames of a channel: the 99.5th percentile, never 0. */
  waveLimit(channel) {
    const count = this.frames * this.pixels;
    const stride = Math.max(1, Math.ceil(count / 100000)); // every value would take long while frames arrive
    const magnitudes = [];
    for (let at = 0; at < count; at += stride) {
      const frame = Math.floor(at / this.pixels);
      magnitudes.push(Math.abs(this.states[(frame * this.channels + channel) * this.pixels + (at % this.pixels)]));
    }
    return magnitudeLimit(Float32Array.from(magnitudes));
  }

  /** The class of each pixel. */
  prediction() {
    const labels = new Uint8Array(this.pixels);
    for (let pixel = 0; pixel < this.pixels; pixel++) {
      for (let label = 1; label < this.classes; label++) {
        if (this.logits[label * this.pixels + pixel] > this.logits[labels[pixel] * this.pixels + pixel]) labels[pixel] = label;
      }
    }
    return labels;
  }

  /** The probability of each class at a pixel. */
  probabilities(pixel) {
    const logits = Array.from({ length: this.classes }, (_, label) => this.logits[label * this.pixels + pixel]);
    const largest = Math.max(...logits);
    const weights = logits.map((logit) => Math.exp(logit - largest));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => weight / sum);
  }
}

/**
 * The magnitude below which nearly all values are; never 0.
 * @param {Float32Array} values they are sorted in place, by magnitude
 */
export function magnitudeLimit(values) {
  values.sort();
  const limit = values.length === 0 ? 0 : values[Math.min(values.length - 1, Math.floor(SHOWN_SHARE * values.length))];
  return limit || values[values.length - 1] || 1;
}

/**
 * The share of pixels whose class is the true one.
 * @param {Uint8Array} labels
 * @param {Uint8Array} mask the true classes
 * @param {number | null} ignored the label of pixels that do not count
 * @returns {{all: number | null, foreground: number | null}} null where no pixel counts; the background is class 0
 */
export function accuracies(labels, mask, ignored) {
  const counts = { all: [0, 0], foreground: [0, 0] };
  mask.forEach((truth, pixel) => {
    if (truth === ignored) return;
    for (const kind of truth === 0 ? ["all"] : ["all", "foreground"]) {
      counts[kind][0] += labels[pixel] === truth ? 1 : 0;
      counts[kind][1] += 1;
    }
  });
  const share = ([right, total]) => (total === 0 ? null : right / total);
  return { all: share(counts.all), foreground: share(counts.foreground) };
}
