// The neural wave machine's field. The equation and the scheme are those of drumhead.fields.wave: semi-implicit Euler,
// first the velocity, then the position with the new velocity.

import { Convolution } from "./convolution.js";
import { Encoder } from "./encoder.js";
import { Planes } from "./planes.js";

/** With keep_stable: the greatest stiffness times dt^2 and damping times dt (drumhead.models.config). */
const MAX_STIFFNESS = 4 * 0.1;
const MAX_DAMPING = 2 * 0.1;

/** The encoders and the coupling of a neural wave machine. */
export class WaveDynamics {
  /**
   * @param {object} config the model's configuration
   * @param {import("./weights.js").Weights} weights
   */
  constructor(config, weights) {
    this.config = config;
    this.y0Encoder = new Encoder(weights, "y0_encoder", 4, "tanh");
    this.omegaEncoder = new Encoder(weights, "omega_encoder", 3, "relu");
    this.alphaEncoder = new Encoder(weights, "alpha_encoder", 3, "relu");
    this.coupling = new Convolution(weights.get("coupling"), null);
  }

  /**
   * Start a field at rest; yields null where the computation can pause.
   *
   * @param {Planes} image its margin is 0
   * @returns {Generator<null, WaveField>}
   */
  *start(image) {
    const { dt, keep_stable: keepStable } = this.config;
    const position = yield* this.y0Encoder.apply(image);
    const maps = {};
    for (const [name, encoder, limit] of [
      ["stiffness", this.omegaEncoder, MAX_STIFFNESS / dt ** 2],
      ["damping", this.alphaEncoder, MAX_DAMPING / dt],
    ]) {
      const planes = yield* encoder.apply(image);
      const map = new Float32Array(planes.channels * planes.height * planes.width);
      planes.read(map, 0);
      maps[name] = keepStable ? map.map((value) => Math.min(value, limit)) : map;
    }
    return new WaveField(this, position, maps.stiffness, maps.damping);
  }
}

/** A grid of oscillators, one per pixel and channel. */
export class WaveField {
  /**
   * @param {WaveDynamics} dynamics
   * @param {Planes} position
   * @param {Float32Array} stiffness (channel, height, width)
   * @param {Float32Array} damping (channel, height, width)
   */
  constructor(dynamics, position, stiffness, damping) {
    this.dynamics = dynamics;
    this.position = position;
    this.stiffness = stiffness;
    this.damping = damping;
    this.velocity = new Float32Array(stiffness.length);
    this.force = new Planes(position.channels, position.height, position.width);
  }

  /** The planes that are shown, and that the readout gets. */
  get shown() {
    return this.position;
  }

  /** Take one step; yields null where the computation can pause. */
  *step() {
    const { boundary, nonlinearity } = this.dynamics.config;
    this.position.fillMargin(boundary);
    yield* this.dynamics.coupling.apply(this.position, this.force, nonlinearity);
    const { channels, height } = this.position;
    for (let channel = 0; channel < channels; channel++) {
      for (let y = 0; y < height; y++) this.moveRow(channel, y);
      yield null;
    }
  }

  /** Update velocity and position of a row. */
  moveRow(channel, y) {
    const { position, velocity, stiffness, damping } = this;
    const { dt } = this.dynamics.config;
    const force = this.force.values;
    const positions = position.values;
    const { height, width } = position;
    let n = (channel * height + y) * width;
    const first = position.index(channel, y, 0);
    for (let p = first; p < first + width; p++, n++) {
      const v = velocity[n] + dt * (force[p] - stiffness[n] * positions[p] - damping[n] * velocity[n]);
      velocity[n] = v;
      positions[p] += dt * v;
    }
  }
}
