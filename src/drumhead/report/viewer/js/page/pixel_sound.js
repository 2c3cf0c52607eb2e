// The time series of a pixel as a sound: it is short, so that it is repeated, each time with fades.

import { largestMagnitude, LOUDEST, toSound } from "../shared/sound.js";

/** The least length of the sound in seconds. */
export const SOUND_SECONDS = 1.5;
/** The share of each repetition in which it fades in, and out. */
const FADE_SHARE = 0.1;

/** The units of model time in a second of sound that can be chosen. */
export const SOUND_FACTORS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

/**
 * The factor with which a series lasts about 20 ms, so that its oscillations can be heard.
 * @param {number} duration of the series, in model time
 */
export function defaultFactor(duration) {
  const wanted = duration / 0.02;
  return SOUND_FACTORS.reduce((best, each) => (Math.abs(Math.log(each / wanted)) < Math.abs(Math.log(best / wanted)) ? each : best));
}

/**
 * The samples of a sound, the largest at half scale.
 * @param {ArrayLike<number>} series values that are dt apart, two or more
 * @param {number} dt model time
 * @param {number} factor the units of model time in a second of sound
 * @param {number} sampleRate samples per second
 * @returns {Float32Array}
 */
export function pixelSound(series, dt, factor, sampleRate) {
  const once = toSound(series, dt, factor, sampleRate);
  const fade = Math.floor(FADE_SHARE * once.length);
  for (let at = 0; at < fade; at++) {
    const level = 0.5 - 0.5 * Math.cos((Math.PI * at) / fade);
    once[at] *= level;
    once[once.length - 1 - at] *= level;
  }
  const peak = largestMagnitude(once) || 1; // the fades may have taken the largest values
  for (let at = 0; at < once.length; at++) once[at] = (once[at] / peak) * LOUDEST;
  const times = Math.max(1, Math.ceil((SOUND_SECONDS * sampleRate) / once.length));
  const samples = new Float32Array(times * once.length);
  for (let time = 0; time < times; time++) samples.set(once, time * once.length);
  return samples;
}
