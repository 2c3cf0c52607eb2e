// What the pick-up hears: the membrane is moved on, and the position at the pick-up becomes audio samples in pieces.

import { FADE_SECONDS, LOUDEST, interpolated, interpolationReach, largestMagnitude } from "../shared/sound.js";
import { longSpectrum } from "./fourier.js";
import { Membrane } from "./membrane.js";

/** The first piece has this loudness, below the limit: later waves may be higher where they meet. */
const FIRST_LOUDNESS = 0.6 * LOUDEST;

/** The sound fades out over this many seconds at its end. */
const FADE_OUT_SECONDS = 0.1;

/**
 * What is to be heard.
 * @typedef {object} Hearing
 * @property {import("./shapes.js").Drum} drum
 * @property {"fixed"|"free"} rim
 * @property {number} damping
 * @property {Float64Array} now the position now
 * @property {Float64Array} before and one step before
 * @property {number} pickup its node
 * @property {number} factor the units of model time in one second
 * @property {number} sampleRate
 * @property {number} seconds the length of the sound
 */

/** A sound that is computed piece by piece. */
export class HeardSound {
  /** @param {Hearing} hearing */
  constructor({ drum, rim, damping, now, before, pickup, factor, sampleRate, seconds }) {
    this.membrane = new Membrane(drum, { rim, damping });
    this.membrane.now.set(now);
    this.membrane.before.set(before);
    this.pickup = pickup;
    this.stepsPerSecond = factor / this.membrane.dt;
    this.series = new Float32Array(Math.max(2, Math.round(seconds * this.stepsPerSecond)));
    this.series[0] = now[pickup];
    this.filled = 1;
    this.pace = this.stepsPerSecond / sampleRate;
    this.sampleRate = sampleRate;
    this.length = Math.floor((this.series.length - 1) / this.pace) + 1;
    this.made = 0;
    this.gain = null;
  }

  /** Whether the whole sound is computed. */
  get isDone() {
    return this.filled === this.series.length;
  }

  /**
   * Move the membrane on, and return the audio samples that follow from it.
   * @param {number} seconds of sound
   * @returns {Float32Array}
   */
  next(seconds) {
    const steps = Math.min(this.series.length - this.filled, Math.max(1, Math.round(seconds * this.stepsPerSecond)));
    this.membrane.advance(steps, this.pickup, this.series.subarray(this.filled, this.filled + steps));
    this.filled += steps;
    const known = this.isDone ? this.series.length - 1 : this.filled - 1 - interpolationReach(this.pace);
    const samples = new Float32Array(Math.max(0, Math.floor(known / this.pace) + 1 - this.made));
    for (let j = 0; j < samples.length; j++) {
      const number = this.made + j;
      samples[j] = this.fade(number) * interpolated(this.series, this.filled, number * this.pace, this.pace);
    }
    this.made += samples.length;
    if (this.gain === null && largestMagnitude(samples) > 0) this.gain = FIRST_LOUDNESS / largestMagnitude(samples);
    return samples.map((sample) => sample * (this.gain ?? 0));
  }

  /** Return the factor of a sample that lets the sound begin and end without a click. */
  fade(number) {
    const begin = number / (FADE_SECONDS * this.sampleRate);
    const end = (this.length - 1 - number) / (FADE_OUT_SECONDS * this.sampleRate);
    return 0.5 - 0.5 * Math.cos(Math.PI * Math.min(1, begin, end));
  }

  /** The spectrum of what was recorded so far. */
  spectrum() {
    return longSpectrum(this.series.subarray(0, this.filled), this.membrane.dt);
  }
}

/**
 * Return whether a sound that is still being computed can start to play without a gap.
 * @param {number} computed seconds of sound
 * @param {number} elapsed seconds that this took
 * @param {number} all seconds of sound
 * @returns {boolean}
 */
export function canStart(computed, elapsed, all) {
  const pace = computed / Math.max(elapsed, 1e-6);
  return computed >= all || (all - computed) / pace < 0.8 * all;
}
