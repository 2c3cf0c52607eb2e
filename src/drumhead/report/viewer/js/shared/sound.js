// Sound: a time series becomes audio samples, and audio samples are played through Web Audio, never above half scale.

/** The largest magnitude of a sample that is played; full scale is 1. */
export const LOUDEST = 0.5;
/** The longest sound in seconds. */
export const LONGEST_SOUND = 60;
/** The length of the fades at both ends of a sound, in seconds. */
export const FADE_SECONDS = 0.005;

/** The number of zero crossings of the interpolating sinc on either side. */
const SINC_CROSSINGS = 16;

/**
 * Return a time series as audio samples: resampled, without its mean, its largest magnitude at half scale.
 *
 * The series is interpolated by a windowed sinc, which also removes the frequencies that the samples cannot hold.
 * @param {ArrayLike<number>} series values at the times 0, dt, 2 dt ... of the model; two or more, finite
 * @param {number} dt the step of the series in model time
 * @param {number} factor the units of model time that pass in one second
 * @param {number} sampleRate samples per second
 * @returns {Float32Array}
 */
export function toSound(series, dt, factor, sampleRate) {
  return scaledTo(withoutMean(resampled(series, dt, factor, sampleRate)), LOUDEST);
}

/**
 * Return a time series at the times of audio samples, otherwise unchanged; the arguments are those of toSound.
 * @param {ArrayLike<number>} series
 * @param {number} dt
 * @param {number} factor
 * @param {number} sampleRate
 * @returns {Float32Array}
 */
export function resampled(series, dt, factor, sampleRate) {
  checkPositive("dt", dt);
  checkPositive("factor", factor);
  checkPositive("sampleRate", sampleRate);
  if (series.length < 2) throw new Error(`A sound needs two values or more, got ${series.length}.`);
  for (let i = 0; i < series.length; i++) {
    if (!Number.isFinite(series[i])) throw new Error(`A sound needs finite values, got ${series[i]} at index ${i}.`);
  }
  const seconds = ((series.length - 1) * dt) / factor;
  if (seconds > LONGEST_SOUND) {
    throw new Error(`A sound is at most ${LONGEST_SOUND} s long, this is ${seconds.toFixed(0)} s; use a larger factor.`);
  }
  const pace = factor / (sampleRate * dt); // steps of the series from one sample to the next
  const samples = new Float32Array(Math.floor((series.length - 1) / pace + 1e-9) + 1);
  return samples.map((_, j) => interpolated(series, series.length, j * pace, pace));
}

/**
 * Return a series between its values, by a windowed sinc without the frequencies that samples at this pace cannot hold.
 * @param {ArrayLike<number>} series
 * @param {number} length the number of its values that are used
 * @param {number} place 0 for the first value, 1 for the second, and between them
 * @param {number} pace the distance of samples in values
 * @returns {number}
 */
export function interpolated(series, length, place, pace) {
  const cutoff = Math.min(1, 1 / pace); // the highest frequency kept, as a share of the series' highest
  const last = Math.min(length - 1, Math.floor(place + interpolationReach(pace)));
  let sum = 0;
  let weights = 0;
  for (let i = Math.max(0, Math.ceil(place - interpolationReach(pace))); i <= last; i++) {
    const weight = windowedSinc((i - place) * cutoff);
    sum += weight * series[i];
    weights += weight;
  }
  return sum / weights;
}

/** Return how many values on either side an interpolated value depends on. */
export function interpolationReach(pace) {
  return SINC_CROSSINGS * Math.max(1, pace);
}

/**
 * Return samples that are safe to play: at most half scale, with short fades at both ends.
 * @param {Float32Array} samples
 * @param {number} sampleRate
 * @returns {Float32Array}
 */
export function playable(samples, sampleRate) {
  const peak = largestMagnitude(samples);
  if (!Number.isFinite(peak)) throw new Error("A sound needs finite samples.");
  const safe = peak > LOUDEST ? scaledTo(samples, LOUDEST) : samples.slice();
  const fade = Math.min(Math.round(FADE_SECONDS * sampleRate), Math.floor(safe.length / 2));
  for (let i = 0; i < fade; i++) {
    const level = 0.5 - 0.5 * Math.cos((Math.PI * i) / fade);
    safe[i] *= level;
    safe[safe.length - 1 - i] *= level;
  }
  return safe;
}

/** Return the largest magnitude of the samples; NaN if one is NaN. */
export function largestMagnitude(samples) {
  let peak = 0;
  for (const sample of samples) {
    if (!(Math.abs(sample) <= peak)) peak = Math.abs(sample);
    if (Number.isNaN(peak)) return NaN;
  }
  return peak;
}

/** The one audio context of the page; browsers let it sound once the user has clicked or pressed a key. */
let audioContext = null;
/** The sound that plays: its gain node and its sources. */
let playing = null;

/**
 * Return whether this browser can play sound.
 * @returns {boolean}
 */
export function canPlaySound() {
  return typeof AudioContext !== "undefined";
}

/**
 * Play samples, instead of what plays now; call it from a handler of a click, touch or key.
 * @param {Float32Array} samples mono; those above half scale make the whole quieter
 * @param {number} sampleRate samples per second
 * @returns {Promise<void>} resolves when the sound has ended or is stopped
 */
export function playSamples(samples, sampleRate) {
  const stream = startStream(sampleRate);
  stream.push(playable(samples, sampleRate));
  return stream.end();
}

/**
 * Start a sound whose samples come in pieces, instead of what plays now; call it from a handler of a click or key.
 * @param {number} sampleRate samples per second
 * @returns {{push: function(Float32Array): void, end: function(): Promise<void>}} push plays a piece right after the
 *   one before, clipped at half scale; the promise of end resolves when the last piece has ended or is stopped
 */
export function startStream(sampleRate) {
  if (!canPlaySound()) throw new Error("This browser cannot play sound: it has no AudioContext.");
  stopSound();
  audioContext ??= new AudioContext();
  audioContext.resume();
  const context = audioContext;
  const gain = context.createGain();
  gain.connect(context.destination);
  const sound = { gain, sources: [], stopped: false };
  playing = sound;
  let next = 0;
  return {
    push(samples) {
      if (sound.stopped || samples.length === 0) return;
      const buffer = context.createBuffer(1, samples.length, sampleRate);
      buffer.copyToChannel(samples.map((sample) => Math.max(-LOUDEST, Math.min(LOUDEST, sample))), 0);
      const source = context.createBufferSource();
      source.buffer = buffer;
      source.connect(gain);
      next = Math.max(next, context.currentTime + 0.02);
      source.start(next);
      next += samples.length / sampleRate;
      sound.sources.push(source);
    },
    end() {
      const last = sound.sources[sound.sources.length - 1];
      if (sound.stopped || last === undefined) return Promise.resolve();
      return new Promise((resolve) => {
        last.onended = () => {
          if (playing === sound) playing = null;
          resolve();
        };
      });
    },
  };
}

/** Stop the sound that plays, if there is one, with a short fade. */
export function stopSound() {
  if (playing === null) return;
  const { gain, sources } = playing;
  playing.stopped = true;
  playing = null;
  const now = audioContext.currentTime;
  gain.gain.setValueAtTime(1, now);
  gain.gain.linearRampToValueAtTime(0, now + FADE_SECONDS);
  for (const source of sources) source.stop(now + FADE_SECONDS);
}

function checkPositive(name, value) {
  if (!(value > 0 && value < Infinity)) throw new Error(`${name} must be positive and finite, got ${value}.`);
}

function windowedSinc(x) {
  if (Math.abs(x) >= SINC_CROSSINGS) return 0;
  const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
  return sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / SINC_CROSSINGS));
}

function withoutMean(samples) {
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  return samples.map((sample) => sample - mean);
}

/** Return samples scaled to this largest magnitude; silence, up to rounding, stays silence. */
function scaledTo(samples, largest) {
  const peak = largestMagnitude(samples);
  return peak > 1e-30 ? samples.map((sample) => (sample / peak) * largest) : new Float32Array(samples.length);
}
