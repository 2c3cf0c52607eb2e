// The time series of a pixel as sound: which pixel, how fast, and the pitch that follows.

import { element, shortNumber } from "./elements.js";
import { defaultFactor, pixelSound, SOUND_FACTORS } from "./pixel_sound.js";
import { canPlaySound, playSamples, stopSound } from "../shared/sound.js";
import { amplitudeSpectrum, strongestFrequency } from "../shared/spectrum.js";

const SAMPLE_RATE = 44100;

export class SoundPanel {
  /**
   * @param {Record<string, HTMLElement>} parts
   * @param {{dt: number, unit: string, units: string, steps: number}} network
   * @param {(name: string) => Float32Array | null} seriesOf the time series of pixel "a" or "b" in the channel that is
   *   shown; null if there is none yet
   */
  constructor(parts, { dt, unit, units, steps }, seriesOf) {
    this.parts = parts;
    this.dt = dt;
    this.unit = unit;
    this.seriesOf = seriesOf;
    const { factor } = parts;
    factor.append(...SOUND_FACTORS.map((each) => element("option", { value: each }, shortNumber(each, 4))));
    factor.value = String(defaultFactor(steps * dt));
    factor.addEventListener("change", () => this.describe());
    parts["sound-unit"].textContent = `${units} of the model in one second`;
    parts["play-a"].addEventListener("click", () => this.play("a"));
    parts["play-b"].addEventListener("click", () => this.play("b"));
    parts["stop-sound"].addEventListener("click", () => stopSound());
    if (!canPlaySound()) {
      for (const name of ["play-a", "play-b", "stop-sound", "factor"]) parts[name].disabled = true;
      parts["sound-note"].textContent = "This browser cannot play sound (it has no Web Audio). Everything else works.";
    }
  }

  get factor() {
    return Number(this.parts.factor.value);
  }

  /** Say how long the sound of pixel A is, and its pitch. */
  describe() {
    this.parts["play-b"].hidden = this.seriesOf("b") === null;
    const series = this.seriesOf("a");
    if (!canPlaySound() || series === null) return;
    const seconds = ((series.length - 1) * this.dt) / this.factor;
    const frequency = strongestFrequency(amplitudeSpectrum(series, this.dt));
    const pitch = `Its strongest frequency, ${shortNumber(frequency)} per ${this.unit}, becomes ${shortNumber(frequency * this.factor, 3)} Hz.`;
    const length = `The series lasts ${shortNumber(seconds)} s and is repeated.`;
    this.parts["sound-note"].textContent = frequency > 0 ? `${pitch} ${length}` : length;
  }

  play(name) {
    const series = this.seriesOf(name);
    if (series === null) return;
    try {
      playSamples(pixelSound(series, this.dt, this.factor, SAMPLE_RATE), SAMPLE_RATE);
      this.describe();
    } catch (error) {
      this.parts["sound-note"].textContent = error.message;
    }
  }
}
