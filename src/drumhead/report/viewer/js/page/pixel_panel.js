// What one or two pixels receive: their time series and spectra in all channels, and their class probabilities.

import { LineChart } from "./chart.js";
import { element, percent, shortNumber } from "./elements.js";
import { amplitudeSpectrum } from "../shared/spectrum.js";

/** The share of a spectrum's energy that its chart shows at least. */
const SHOWN_ENERGY = 0.995;

export class PixelPanel {
  /**
   * @param {{charts: HTMLElement, probabilities: HTMLElement}} parts
   * @param {{classes: string[], colours: number[][], channels: number, dt: number, unit: string, units: string}} network
   * @param {(time: number) => void} onSeek called with the time that a pointer is pressed on
   */
  constructor(parts, network, onSeek) {
    this.parts = parts;
    this.network = network;
    /** @type {import("./answer.js").Answer | null} */
    this.answer = null;
    /** @type {{name: string, row: number, column: number}[]} */
    this.pixels = [];
    this.scheduled = false;
    this.makeCharts(onSeek);
  }

  makeCharts(onSeek) {
    const { channels, unit, units } = this.network;
    const height = channels <= 3 ? 112 : channels <= 8 ? 76 : 58;
    this.charts = Array.from({ length: channels }, (_, channel) => {
      const [series, spectrum] = [element("div"), element("div")];
      this.parts.charts.append(element("h4", {}, `Channel ${channel}`), series, spectrum);
      const hasTitle = channels <= 3 || channel === channels - 1;
      const [time, frequency] = hasTitle ? [`time (${units})`, `frequency (cycles per ${unit})`] : ["", ""];
      const label = `The state of the pixel in channel ${channel} over time`;
      return {
        series: new LineChart(series, label, height, time, onSeek),
        spectrum: new LineChart(spectrum, `Its spectrum in channel ${channel}`, height, frequency),
      };
    });
  }

  /** Show an answer, which may still grow. */
  setAnswer(answer) {
    this.answer = answer;
    this.refresh();
  }

  /** Show these pixels. */
  setPixels(pixels) {
    this.pixels = pixels;
    this.refresh();
  }

  /** Mark the time of the frame that the movie shows. */
  setFrame(frame) {
    for (const { series } of this.charts) series.setCursor(frame * this.network.dt);
  }

  /** Draw everything again, once for all calls before the next repaint. */
  refresh() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  draw() {
    if (this.answer === null || this.answer.frames === 0) return;
    this.charts.forEach((charts, channel) => this.drawChannel(charts, channel));
    this.drawProbabilities();
  }

  drawChannel({ series, spectrum }, channel) {
    const { answer } = this;
    const { dt } = this.network;
    const shown = this.pixels.map(({ name, row, column }) => {
      const pixel = row * answer.width + column;
      return { name, pixel, values: answer.series(pixel, channel) };
    });
    const all = Float32Array.from(shown.flatMap(({ values }) => [...values].map(Math.abs)));
    all.sort();
    const largest = all[all.length - 1] || 1;
    series.draw({
      x: [0, answer.steps * dt],
      y: [-largest, largest],
      lines: shown.map(({ name, values }) => ({ name, values, start: 0, step: dt })),
    });
    if (answer.frames < 3) return;
    const spectra = shown.map(({ name, values }) => ({ name, ...amplitudeSpectrum(values.subarray(1), dt) }));
    const marks = this.naturalFrequencies(shown, channel);
    const top = Math.max(...spectra.flatMap(({ amplitudes }) => [...amplitudes])) || 1;
    const end = Math.max(...spectra.map(shownBand), ...marks.map(({ x }) => 1.4 * x));
    spectrum.draw({
      x: [0, Math.min(end, 0.5 / dt)],
      y: [0, top],
      lines: spectra.map(({ name, step, amplitudes }) => ({ name, values: amplitudes, start: 0, step })),
      marks,
    });
  }

  /** Marks at the natural frequencies: sqrt(stiffness) / (2 pi), of the oscillator without its neighbours. */
  naturalFrequencies(shown, channel) {
    if (this.answer.stiffness === null) return [];
    const stiffness = this.answer.map("stiffness", channel);
    return shown.map(({ name, pixel }) => {
      const frequency = Math.sqrt(stiffness[pixel]) / (2 * Math.PI);
      return { name, x: frequency, text: shortNumber(frequency) };
    });
  }

  drawProbabilities() {
    const { classes, colours } = this.network;
    if (this.answer.logits === null) {
      this.parts.probabilities.replaceChildren(element("p", { class: "hint" }, "They follow when all steps are computed."));
      return;
    }
    const each = this.pixels.map(({ name, row, column }) => ({
      name,
      shares: this.answer.probabilities(row * this.answer.width + column),
    }));
    const rows = classes.map((label, number) => {
      const swatch = element("span", { class: "swatch" });
      swatch.style.backgroundColor = `rgb(${colours[number].join(" ")})`;
      const bars = each.map(({ name, shares }) => {
        const bar = element("span", { class: `bar ${name}` });
        bar.style.width = `${100 * shares[number]}%`;
        return element("span", { class: "track" }, bar);
      });
      const numbers = each.map(({ name, shares }) => element("span", { class: `share ${name}` }, percent(shares[number])));
      const cells = [element("th", { scope: "row" }, swatch, label), element("td", { class: "bars" }, ...bars)];
      return element("tr", {}, ...cells, element("td", { class: "shares" }, ...numbers));
    });
    this.parts.probabilities.replaceChildren(element("table", {}, element("tbody", {}, ...rows)));
  }
}

/** The frequency below which nearly all of a spectrum's energy is, and a little more. */
function shownBand({ step, amplitudes }) {
  const whole = amplitudes.reduce((sum, amplitude) => sum + amplitude ** 2, 0);
  let energy = 0;
  let bin = 0;
  while (bin < amplitudes.length - 1 && energy < SHOWN_ENERGY * whole) energy += amplitudes[bin++] ** 2;
  return 1.2 * Math.max(bin, 8) * step;
}
