// The spectrum of what the pick-up hears, with lines at the frequencies of the modes.

/** The range of the chart in decibels below its highest amplitude. */
const DECIBELS = 60;
const CHART = { left: 40, right: 8, top: 8, bottom: 34 };

/**
 * Draw a spectrum, or the frequencies alone.
 * @param {HTMLCanvasElement} canvas
 * @param {{spectrum: {step: number, amplitudes: ArrayLike<number>}|null, lines: ArrayLike<number>, factor: number,
 *   highest: number}} content spectrum and lines in cycles per unit of model time; factor: units of model time in one
 *   second; highest: the frequency at the right end
 */
export function drawDrumSpectrum(canvas, { spectrum, lines, factor, highest }) {
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const style = getComputedStyle(canvas);
  const colour = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  const [right, bottom] = [width - CHART.right, height - CHART.bottom];
  const atX = (frequency) => CHART.left + (frequency / highest) * (right - CHART.left);
  context.font = `11px ${style.fontFamily}`;

  context.strokeStyle = colour("--drum-line", "#e69f00");
  context.lineWidth = 1;
  for (const frequency of lines) {
    if (frequency > highest) break;
    const x = Math.round(atX(frequency)) + 0.5;
    strokeSegment(context, x, CHART.top, x, bottom);
  }
  context.strokeStyle = context.fillStyle = colour("--soft", "#666");
  strokeSegment(context, CHART.left, bottom + 0.5, right, bottom + 0.5);
  context.textAlign = "center";
  for (const hertz of roundSteps(highest * factor, Math.max(2, Math.floor(width / 90)))) {
    const x = atX(hertz / factor);
    strokeSegment(context, x, bottom, x, bottom + 4);
    context.fillText(String(hertz), x, bottom + 15);
  }
  context.fillText("frequency in Hz", (CHART.left + right) / 2, height - 4);
  context.textAlign = "right";
  for (const level of [0, 20, 40, 60]) {
    const y = CHART.top + (level / DECIBELS) * (bottom - CHART.top);
    context.fillText(level === 0 ? "0 dB" : `\u2212${level}`, CHART.left - 5, y + 4);
  }
  if (spectrum !== null) {
    context.strokeStyle = colour("--accent", "#0b62a0");
    context.lineWidth = 1.5;
    context.stroke(spectrumPath(spectrum, highest, atX, bottom));
  }
}

/** Return the highest level of the spectrum in each column of the chart, as a line. */
function spectrumPath({ step, amplitudes }, highest, atX, bottom) {
  const last = Math.min(amplitudes.length - 1, Math.floor(highest / step));
  let peak = 1e-30;
  for (let bin = 1; bin <= last; bin++) peak = Math.max(peak, amplitudes[bin]);
  const path = new Path2D();
  let column = -1;
  let largest = 0;
  for (let bin = 1; bin <= last; bin++) {
    largest = Math.max(largest, amplitudes[bin]);
    if (Math.floor(atX(bin * step)) === column && bin < last) continue;
    column = Math.floor(atX(bin * step));
    const level = Math.min(DECIBELS, -20 * Math.log10(Math.max(largest / peak, 1e-9)));
    path.lineTo(atX(bin * step), CHART.top + (level / DECIBELS) * (bottom - CHART.top));
    largest = 0;
  }
  return path;
}

/** Return round numbers from 0 to the highest, about as many as wanted. */
export function roundSteps(highest, wanted) {
  const power = 10 ** Math.floor(Math.log10(highest / wanted));
  const step = power * [1, 2, 5, 10].find((times) => highest / (times * power) <= wanted);
  return Array.from({ length: Math.floor(highest / step + 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

function strokeSegment(context, x1, y1, x2, y2) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}
