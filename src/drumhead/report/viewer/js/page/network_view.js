// The Network view: an input, the network's field as a movie, its prediction, and what single pixels receive.

import { Answer } from "./answer.js";
import { NetworkClient } from "./client.js";
import { connectPlayer } from "./controls.js";
import { partsOf, shortNumber } from "./elements.js";
import { FieldView } from "./field_view.js";
import { InputPanel } from "./input_panel.js";
import { decodeSamples } from "./network_file.js";
import { PixelPanel } from "./pixel_panel.js";
import { SoundPanel } from "./sound_panel.js";
import { stopSound } from "../shared/sound.js";

export class NetworkView {
  /**
   * @param {HTMLElement} root
   * @param {object} network the network's data in the page
   * @param {object} settings the settings of the view in the page
   * @param {string} script the text of the worker
   */
  constructor(root, network, settings, script) {
    const { config, classes } = network;
    this.parts = { ...partsOf(root), root };
    this.config = config;
    this.classes = classes;
    this.model = {
      classes,
      colours: settings.classColours,
      channels: config.hidden_channels,
      steps: config.steps,
      dt: config.dt ?? 1,
      unit: config.name === "nwm" ? "unit of time" : "step",
      units: config.name === "nwm" ? "units of time" : "steps",
      hasMaps: config.name === "nwm",
      state: config.name === "nwm" ? "Position" : "State",
    };
    /** @type {Answer | null} */
    this.answer = null;
    /** The pixels that are looked at; the second may be missing. */
    this.pixels = { a: { row: 0, column: 0 }, b: null };
    /** The pixel that a click moves. */
    this.active = "a";
    const onPixel = (event, pixel) => this.pick(event, pixel);
    this.field = new FieldView(this.parts, this.model, onPixel, (step, isOther) => this.move(step, isOther));
    this.panel = new PixelPanel(this.parts, this.model, (time) => this.seek(time));
    this.sound = new SoundPanel(this.parts, this.model, (name) => this.seriesOf(name));
    this.player = connectPlayer(this.parts, this.model, (frame) => {
      this.field.showFrame(frame);
      this.panel.setFrame(frame);
    });
    this.connectPixelButtons();
    this.client = this.startClient(script, network);
    this.parts.stop.addEventListener("click", () => this.client?.stop());
    const samples = decodeSamples(network.samples);
    this.input = new InputPanel(this.parts, { samples, settings: { ...settings, classes } }, (...args) => this.setInput(...args), onPixel);
    this.input.choose(samples.length > 0 ? "0" : "drawing");
  }

  startClient(script, network) {
    if (typeof Worker === "undefined") {
      this.fail("This browser has no web workers, so the network cannot run here. The inputs and true classes are shown.");
      return null;
    }
    const { config, classes, weights } = network;
    try {
      return new NetworkClient(script, { config, classes, weights }, (message) => this.fail(`The network cannot run here: ${message}`));
    } catch (error) {
      this.fail(`The network cannot run here: ${error.message}`);
      return null;
    }
  }

  /** Say that the network does not run. */
  fail(message) {
    this.client = null;
    this.parts.failure.textContent = message;
    this.parts.failure.hidden = false;
    this.showProgress(null);
  }

  setInput(input, isFinished) {
    this.field.setOutline(input);
    if (!isFinished || this.client === null) return;
    const isNewSize = this.answer === null || this.answer.height !== input.height || this.answer.width !== input.width;
    if (isNewSize) this.pixels = { a: brightestPixel(input), b: null };
    this.compute(input);
    this.showPixels();
  }

  compute(input) {
    const { height, width } = input;
    const { channels, steps } = this.model;
    const answer = new Answer({ height, width, channels, steps, classes: this.classes.length });
    this.client.run(input.image, height, width, {
      maps: ({ stiffness, damping }) => Object.assign(answer, { stiffness, damping }),
      frames: (message) => this.addFrames(answer, message),
      result: (message) => this.finish(answer, message),
      stopped: () => this.showStatus(`Stopped after ${Math.max(0, answer.frames - 1)} of ${steps} steps.`),
      error: (message) => this.showStatus(`The network could not compute this image: ${message}`),
    });
    this.answer = answer;
    this.field.start(answer, input);
    this.player.reset(steps);
    this.panel.setAnswer(answer);
    this.showProgress(0);
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.player.play();
  }

  addFrames(answer, message) {
    answer.addFrames(message);
    this.player.extend(answer.frames - 1);
    this.field.rescale();
    this.field.draw();
    this.panel.refresh();
    this.showProgress(answer.frames - 1);
  }

  finish(answer, { logits, seconds }) {
    answer.logits = logits;
    answer.seconds = seconds;
    this.input.showPrediction(answer.prediction());
    this.panel.refresh();
    this.sound.describe();
    this.showStatus(`Computed in ${shortNumber(seconds)} s in this browser.`);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) this.player.show(this.player.end);
  }

  /** Show how many steps are computed; null: none are being computed. */
  showProgress(step) {
    const isComputing = step !== null;
    this.parts.stop.hidden = !isComputing;
    this.parts.progress.hidden = !isComputing;
    if (!isComputing) return;
    this.parts.progress.max = this.config.steps;
    this.parts.progress.value = step;
    this.parts.status.textContent = step < this.config.steps ? `Computing step ${step} of ${this.config.steps}` : "Computing the prediction";
  }

  showStatus(text) {
    this.showProgress(null);
    this.parts.status.textContent = text;
  }

  connectPixelButtons() {
    for (const name of ["a", "b"]) {
      this.parts[`pixel-${name}`].addEventListener("click", () => {
        this.active = name;
        if (this.pixels[name] === null) this.pixels[name] = this.opposite();
        this.showPixels();
      });
    }
    this.parts["drop-b"].addEventListener("click", () => {
      this.pixels.b = null;
      this.active = "a";
      this.showPixels();
      this.parts["pixel-b"].focus();
    });
  }

  /** The place of pixel A, mirrored at the middle of the image. */
  opposite() {
    const { height, width } = this.answer ?? this.input.current;
    return { row: height - 1 - this.pixels.a.row, column: width - 1 - this.pixels.a.column };
  }

  pick(event, pixel) {
    if (event.shiftKey) this.active = "b";
    this.pixels[this.active] = pixel;
    this.showPixels();
  }

  move([rows, columns], isOther) {
    const name = isOther && this.pixels.b !== null ? "b" : this.active;
    const { height, width } = this.input.current;
    const { row, column } = this.pixels[name];
    const limit = (value, count) => Math.max(0, Math.min(count - 1, value));
    this.pixels[name] = { row: limit(row + rows, height), column: limit(column + columns, width) };
    this.showPixels();
  }

  showPixels() {
    const shown = Object.entries(this.pixels).flatMap(([name, pixel]) => (pixel === null ? [] : [{ name, ...pixel }]));
    this.field.setMarkers(shown);
    this.panel.setPixels(shown);
    for (const name of ["a", "b"]) {
      const pixel = this.pixels[name];
      const place = pixel === null ? "compare" : `row ${pixel.row}, column ${pixel.column}`;
      this.parts[`pixel-${name}`].querySelector("span").textContent = place;
      this.parts[`pixel-${name}`].setAttribute("aria-pressed", String(this.active === name && pixel !== null));
    }
    this.parts["drop-b"].hidden = this.pixels.b === null;
    this.sound.describe();
  }

  seriesOf(name) {
    const pixel = this.pixels[name];
    if (pixel === null || this.answer === null || this.answer.frames < 3) return null;
    return this.answer.series(pixel.row * this.answer.width + pixel.column, this.field.channel).subarray(1);
  }

  seek(time) {
    this.player.pause();
    this.player.show(Math.round(time / this.model.dt));
  }

  /** Stop the movie and the sound, when the view is left. */
  pause() {
    this.player.pause();
    stopSound();
  }
}

/** The brightest pixel of an image nearest to its middle, which most likely is in a shape. */
function brightestPixel({ image, height, width }) {
  const count = height * width;
  const channels = image.length / count;
  let best = { row: height >> 1, column: width >> 1, brightness: -1, distance: 0 };
  for (let at = 0; at < count; at++) {
    let brightness = 0;
    for (let channel = 0; channel < channels; channel++) brightness += image[channel * count + at];
    const [row, column] = [Math.floor(at / width), at % width];
    const distance = Math.hypot(row - height / 2, column - width / 2);
    const isBetter = brightness > best.brightness || (brightness === best.brightness && distance < best.distance);
    if (isBetter) best = { row, column, brightness, distance };
  }
  return { row: best.row, column: best.column };
}
