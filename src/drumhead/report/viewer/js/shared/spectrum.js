// The amplitude spectrum of a short time series: a Hann window, and zeros that sample the spectrum more finely.

/** The factor by which zeros lengthen the series. */
export const SPECTRUM_PADDING = 4;

/**
 * The amplitudes of a real time series at the frequencies 0, step, 2 step, ...: a sine of amplitude 1 has a peak of 1.
 * @param {ArrayLike<number>} series values that are dt apart, one or more
 * @param {number} dt
 * @returns {{step: number, amplitudes: Float64Array}} step: cycles per unit of time
 */
export function amplitudeSpectrum(series, dt) {
  const length = series.length;
  const whole = SPECTRUM_PADDING * length;
  const windowed = new Float64Array(length);
  let sum = 0;
  for (let at = 0; at < length; at++) {
    const weight = Math.sin((Math.PI * (at + 0.5)) / length) ** 2;
    windowed[at] = weight * series[at];
    sum += weight;
  }
  const cosines = Float64Array.from({ length: whole }, (_, k) => Math.cos((2 * Math.PI * k) / whole));
  const sines = Float64Array.from({ length: whole }, (_, k) => Math.sin((2 * Math.PI * k) / whole));
  const amplitudes = new Float64Array(Math.floor(whole / 2) + 1);
  for (let bin = 0; bin < amplitudes.length; bin++) {
    let real = 0;
    let imaginary = 0;
    for (let at = 0; at < length; at++) {
      const angle = (bin * at) % whole;
      real += windowed[at] * cosines[angle];
      imaginary += windowed[at] * sines[angle];
    }
    amplitudes[bin] = (2 / sum) * Math.hypot(real, imaginary);
  }
  return { step: 1 / (whole * dt), amplitudes };
}

/**
 * The frequency of the highest peak of a spectrum above 0; 0 if there is none.
 * @param {{step: number, amplitudes: Float64Array}} spectrum
 * @returns {number} cycles per unit of time
 */
export function strongestFrequency({ step, amplitudes }) {
  let best = 0;
  for (let bin = 1; bin < amplitudes.length - 1; bin++) {
    const isPeak = amplitudes[bin] > amplitudes[bin - 1] && amplitudes[bin] >= amplitudes[bin + 1];
    if (isPeak && (best === 0 || amplitudes[bin] > amplitudes[best])) best = bin;
  }
  return best * step;
}
