// The spectrum of a long time series, by the fast Fourier transform.

/**
 * The amplitudes of a series at the frequencies 0, step, 2 step ...: a cosine of amplitude 1 has a peak of 1.
 * The series is weighted by a Hann window and lengthened by zeros to a power of two.
 * @param {ArrayLike<number>} series values that are dt apart
 * @param {number} dt
 * @returns {{step: number, amplitudes: Float32Array}} step: cycles per unit of time
 */
export function longSpectrum(series, dt) {
  const size = 2 ** Math.ceil(Math.log2(Math.max(2, series.length)));
  const real = new Float64Array(size);
  let weights = 0;
  for (let i = 0; i < series.length; i++) {
    const weight = Math.sin((Math.PI * (i + 0.5)) / series.length) ** 2;
    real[i] = weight * series[i];
    weights += weight;
  }
  const imaginary = new Float64Array(size);
  fastTransform(real, imaginary);
  const amplitudes = new Float32Array(size / 2 + 1);
  for (let i = 0; i < amplitudes.length; i++) amplitudes[i] = (2 / weights) * Math.hypot(real[i], imaginary[i]);
  return { step: 1 / (size * dt), amplitudes };
}

/** Replace a complex series, as long as a power of two, by its Fourier transform (Cooley and Tukey 1965). */
function fastTransform(real, imaginary) {
  const size = real.length;
  for (let i = 0, reversed = 0; i < size; i++) {
    if (i < reversed) {
      [real[i], real[reversed]] = [real[reversed], real[i]];
      [imaginary[i], imaginary[reversed]] = [imaginary[reversed], imaginary[i]];
    }
    let bit = size >> 1;
    while (reversed & bit) {
      reversed ^= bit;
      bit >>= 1;
    }
    reversed |= bit;
  }
  for (let half = 1; half < size; half *= 2) {
    for (let k = 0; k < half; k++) {
      const c = Math.cos((Math.PI * k) / half);
      const s = -Math.sin((Math.PI * k) / half);
      for (let i = k; i < size; i += 2 * half) {
        const j = i + half;
        const x = c * real[j] - s * imaginary[j];
        const y = c * imaginary[j] + s * real[j];
        real[j] = real[i] - x;
        imaginary[j] = imaginary[i] - y;
        real[i] += x;
        imaginary[i] += y;
      }
    }
  }
}
