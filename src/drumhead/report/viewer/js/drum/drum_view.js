// The drum view: a drum is chosen or drawn, struck, heard and seen, and its frequencies tell its area and rim.

import { element, partsOf, radioOptions, shortNumber } from "../page/elements.js";
import { canPlaySound, startStream, stopSound } from "../shared/sound.js";
import { DrumClient } from "./drum_client.js";
import { clearEstimate, showEstimate, showModesProgress } from "./estimate_panel.js";
import { canStart } from "./heard.js";
import { COURANT, Membrane, schemeFrequencies } from "./membrane.js";
import { outlineOf } from "./outline.js";
import { connectStage } from "./pointer.js";
import { GRID, namedDrum, polygonDrum } from "./shapes.js";
import { drawDrumSpectrum } from "./spectrum_chart.js";
import { DrumStage } from "./stage.js";
import { DRUM_TEMPLATE } from "./template.js";

const SAMPLES_PER_SECOND = 44100;
const SOUND_LENGTH = 2; // seconds
/** The number of modes whose frequencies are computed. */
const MODES = 100;
/** The spectrum is shown up to the frequency of this mode. */
const SHOWN_MODES = 40;
/** The colours reach their end at this position at least, so that a drum that comes to rest becomes dark. */
const LEAST_SCALE = 0.04;
/** A hand-drawn line is simplified within this distance, in spacings. */
const LINE_TOLERANCE = 0.35;
const MOST_LINE_POINTS = 4000;

const SHAPE_CHOICES = [
  { value: "square", label: "Square", unit: "The side is 1." },
  { value: "disc", label: "Disc", unit: "The radius is 1." },
  { value: "triangle", label: "Triangle", unit: "The side is 1." },
  { value: "l-shape", label: "L", unit: "Three squares of side 1." },
  { value: "isospectral-1", label: "Pair 1", unit: "Seven triangles, each half of a square of side 1." },
  { value: "isospectral-2", label: "Pair 2", unit: "Seven triangles, each half of a square of side 1." },
  { value: "draw", label: "Draw", unit: "The side of the picture is 1." },
];
const PLAYING_HELP =
  "Click or tap the drum to strike it; drag the ring, the pick-up, to hear another place. With keys: arrows move a cross, Enter strikes there, P puts the pick-up there.";
const DRAWING_HELP =
  "Draw the rim in one stroke; it is closed when you let go. With keys: arrows move a cross, Enter sets a corner, Backspace removes it, C closes the line.";

/** The drum view in an element. */
export class DrumView {
  /**
   * @param {HTMLElement} root an empty element
   * @param {string} workerScript the text of the worker
   */
  constructor(root, workerScript) {
    root.innerHTML = DRUM_TEMPLATE;
    this.root = root;
    this.parts = partsOf(root);
    this.rim = "fixed";
    this.choice = "square";
    this.line = null; // the points of a rim that is being drawn
    this.cursor = null;
    this.lastStrike = null;
    this.known = new Map(); // what is known of the drums so far, by shape and rim
    this.before = null;
    this.spectrum = null;
    this.frame = null;
    this.stage = new DrumStage(this.parts.stage);
    this.connect();
    this.startWorkers(workerScript);
    this.choose("square");
    this.resume();
  }

  connect() {
    const { parts } = this;
    parts.shapes.append(...radioOptions("drum-shape", SHAPE_CHOICES, this.choice, (value) => this.choose(value)));
    const rims = [
      { value: "fixed", label: "Fixed rim" },
      { value: "free", label: "Free rim" },
    ];
    parts.rims.append(...radioOptions("drum-rim", rims, this.rim, (value) => this.setRim(value)));
    for (const steps of [60, 120, 240, 480, 960]) parts.speed.append(element("option", { value: steps }, `${steps} steps/s`));
    parts.speed.value = "240";
    parts.strike.addEventListener("click", () => this.strikeAt(this.lastStrike ?? this.middle()));
    parts.stop.addEventListener("click", () => this.stop());
    parts["draw-again"].addEventListener("click", () => this.choose("draw"));
    parts["close-line"].addEventListener("click", () => this.closeLine());
    parts["clear-line"].addEventListener("click", () => (this.line = []));
    parts.pitch.addEventListener("input", () => this.describeSound());
    parts.damping.addEventListener("input", () => {
      this.membrane.damping = this.damping;
      this.describeSound();
    });
    connectStage(this.stage, {
      isDrawing: () => this.isDrawing,
      pickupPlace: () => (this.isDrawing ? null : placeOfNode(this.pickup)),
      onStrike: (place) => this.strikePlace(place),
      onPickup: (place, isLast) => this.movePickup(place, isLast),
      onLine: (place, isFirst) => this.extendLine(place, isFirst),
      onCloseLine: () => this.closeLine(),
      onUndo: () => this.line.pop(),
      onCursor: (place) => (this.cursor = place),
    });
    new ResizeObserver(() => this.drawSpectrum()).observe(parts.spectrum);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.drawSpectrum());
    new IntersectionObserver((entries) => {
      this.isSeen = entries[entries.length - 1].isIntersecting;
      this.resume();
    }).observe(this.root);
    document.addEventListener("visibilitychange", () => this.resume());
    if (!canPlaySound()) {
      parts.sounding.checked = false;
      parts.sounding.disabled = true;
      parts["sound-note"].textContent = "This browser cannot play sound (it has no Web Audio). Everything else works.";
    }
  }

  startWorkers(script) {
    try {
      this.soundClient = new DrumClient(script);
      this.modesClient = new DrumClient(script);
    } catch (error) {
      this.soundClient = this.modesClient = null;
      this.fail(error.message);
    }
  }

  fail(message) {
    this.parts.failure.hidden = false;
    this.parts.failure.textContent = message;
  }

  get isDrawing() {
    return this.line !== null;
  }

  get label() {
    return this.choice === "draw" ? "Your drum" : SHAPE_CHOICES.find(({ value }) => value === this.choice).label;
  }

  get dt() {
    return COURANT * this.drum.spacing;
  }

  /** The units of model time in one second of sound. */
  get factor() {
    return Number(this.parts.pitch.value) * 1000 * this.dt;
  }

  /** The rate at which velocities fall. */
  get damping() {
    return (Number(this.parts.damping.value) * 1e-4) / this.dt;
  }

  /** Show a drum by name, or start to draw one. */
  choose(name) {
    this.choice = name;
    this.stop();
    if (name === "draw") {
      this.startDrawing("");
      return;
    }
    this.line = null;
    this.setDrum(namedDrum(name, this.rim), "");
  }

  setRim(rim) {
    this.rim = rim;
    if (this.isDrawing) return;
    this.stop();
    if (this.choice === "draw") this.setDrum(this.drum, "");
    else this.choose(this.choice);
  }

  startDrawing(message) {
    this.line = [];
    this.showMode(message);
    this.modesClient?.cancel();
    showModesProgress(this.parts, null);
  }

  extendLine(place, isFirst) {
    if (isFirst && this.line.length > 0) this.line = [];
    if (this.line.length < MOST_LINE_POINTS) this.line.push(place);
  }

  closeLine() {
    if (!this.isDrawing) return;
    try {
      const { corners, loops } = outlineOf(this.line, LINE_TOLERANCE);
      const scaled = corners.map(([x, y]) => [(x + 0.5) / GRID, (y + 0.5) / GRID]);
      const drum = polygonDrum(scaled, { resolution: GRID, offset: 0.5, name: "drawn", start: [0, 0] });
      this.line = null;
      this.drawings = (this.drawings ?? 0) + 1;
      this.setDrum(drum, piecesText(loops, drum.pieces));
    } catch (error) {
      this.startDrawing(error.message);
    }
  }

  setDrum(drum, message) {
    this.drum = drum;
    this.membrane = new Membrane(drum, { rim: this.rim, damping: this.damping });
    this.stage.setDrum(drum, this.rim);
    this.scale = LEAST_SCALE;
    this.lastStrike = null;
    this.spectrum = null;
    const nodes = [...drum.inside.keys()].filter((at) => drum.inside[at]);
    this.pickup = nodes[Math.floor(0.3 * nodes.length)];
    this.showMode(message);
    if (canPlaySound()) this.parts["sound-note"].textContent = "";
    this.findModes();
    this.describeSound();
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.moveFrom(this.middle());
  }

  showMode(message) {
    const { parts } = this;
    parts["drawing-row"].hidden = !this.isDrawing;
    parts["playing-row"].hidden = this.isDrawing;
    parts["draw-again"].hidden = this.choice !== "draw";
    parts.help.textContent = this.isDrawing ? DRAWING_HELP : PLAYING_HELP;
    parts.stage.classList.toggle("drawable", this.isDrawing);
    const { unit } = SHAPE_CHOICES.find(({ value }) => value === this.choice);
    parts.message.textContent = message || (this.isDrawing ? "" : unit);
    parts.message.classList.toggle("drum-warning", message !== "");
  }

  /** The node in the middle of the drum, a little aside, where no mode of a symmetric drum is at rest. */
  middle() {
    const nodes = [...this.drum.inside.keys()].filter((at) => this.drum.inside[at]);
    const mean = (coordinate) => nodes.reduce((sum, at) => sum + coordinate(at), 0) / nodes.length;
    const place = [mean((at) => at % GRID) + 7, mean((at) => Math.floor(at / GRID)) + 4];
    return this.stage.nodeNear(place, Infinity);
  }

  strikePlace(place) {
    const node = this.stage.nodeNear(place, 3);
    if (node === null) this.parts.message.textContent = "There is no drum here: strike inside the rim.";
    else this.strikeAt(node);
  }

  /** Strike the drum at a node: it moves, and is heard. */
  strikeAt(node) {
    if (this.isDrawing) return;
    this.moveFrom(node);
    this.hear();
  }

  /** Strike the drum without its sound. */
  moveFrom(node) {
    this.lastStrike = node;
    this.membrane.strike(node);
  }

  movePickup(place, isLast) {
    const node = this.stage.nodeNear(place, Infinity);
    const isOther = node !== this.pickup;
    this.pickup = node;
    if (isLast && this.lastStrike !== null) {
      this.membrane.rest();
      this.strikeAt(this.lastStrike);
    } else if (isOther) this.spectrum = null;
  }

  /** Compute and play what the pick-up hears from now on. */
  hear() {
    const { parts, membrane } = this;
    stopSound();
    if (this.soundClient === null) return;
    const isPlayed = parts.sounding.checked && canPlaySound();
    const stream = isPlayed ? startStream(SAMPLES_PER_SECOND) : null;
    const begin = performance.now();
    const waiting = [];
    let computed = 0;
    const hearing = {
      drum: { inside: this.drum.inside, cuts: this.drum.cuts, spacing: this.drum.spacing },
      rim: this.rim,
      damping: this.damping,
      now: membrane.now,
      before: membrane.before,
      pickup: this.pickup,
      factor: this.factor,
      sampleRate: SAMPLES_PER_SECOND,
      seconds: SOUND_LENGTH,
    };
    const onAnswer = (answer) => {
      if (answer.type === "error") this.fail(answer.message);
      if (answer.type === "samples") {
        waiting.push(answer.samples);
        computed += answer.samples.length / SAMPLES_PER_SECOND;
        if (!canStart(computed, (performance.now() - begin) / 1000, SOUND_LENGTH)) return;
      }
      if (answer.type === "early spectrum" || answer.type === "spectrum") {
        this.spectrum = answer;
        this.drawSpectrum();
      }
      if (answer.type === "early spectrum") return;
      for (const samples of waiting.splice(0)) stream?.push(samples);
      if (answer.type === "spectrum") {
        stream?.end();
        const note = `${SOUND_LENGTH} s of sound computed in ${shortNumber(answer.seconds)} s.`;
        if (canPlaySound()) parts["sound-note"].textContent = note;
      }
    };
    this.soundClient.request({ type: "sound", hearing }, onAnswer, ({ type }) => type === "spectrum");
  }

  /** Find the frequencies of the drum, or recall them. */
  findModes() {
    const { parts, drum, rim, label } = this;
    clearEstimate(parts);
    this.modesClient?.cancel();
    showModesProgress(parts, null);
    this.modes = null;
    const key = this.choice === "draw" ? `draw ${this.drawings} ${rim}` : `${this.choice} ${rim}`;
    const known = this.known.get(key);
    if (known !== undefined) {
      this.showModes(known);
      return;
    }
    if (this.modesClient === null) return;
    showModesProgress(parts, 0);
    const sent = { inside: drum.inside, cuts: drum.cuts, spacing: drum.spacing };
    const onAnswer = (answer) => {
      if (answer.type === "progress") showModesProgress(parts, answer.share);
      else showModesProgress(parts, null);
      if (answer.type === "error") this.fail(answer.message);
      if (answer.type !== "modes") return;
      const { eigenvalues, counted, seconds } = answer;
      this.known.set(key, { drum, label, rim, eigenvalues, counted, seconds });
      this.showModes(this.known.get(key));
    };
    this.modesClient.request({ type: "modes", drum: sent, rim, count: MODES }, onAnswer, ({ type }) => type === "modes");
  }

  showModes(known) {
    showEstimate(this.parts, known, this.before);
    this.before = known;
    this.modes = known;
    this.describeSound();
  }

  /** Say what pitch and damping mean, and draw the spectrum again. */
  describeSound() {
    if (this.drum === undefined) return;
    const { parts, factor } = this;
    const lowest = this.modes === null ? undefined : this.frequencies().find((frequency) => frequency > 1e-4);
    const pitch = lowest === undefined ? "" : `; lowest frequency ${shortNumber(lowest * factor, 3)} Hz`;
    parts["pitch-text"].textContent = `1 s = ${shortNumber(factor, 3)} units of time${pitch}`;
    const seconds = (2 * Math.log(1000)) / (this.damping * factor);
    parts["damping-text"].textContent = this.damping === 0 ? "none" : `falls by 60 dB in ${shortNumber(seconds)} s`;
    parts.pitch.setAttribute("aria-valuetext", parts["pitch-text"].textContent);
    parts.damping.setAttribute("aria-valuetext", parts["damping-text"].textContent);
    this.drawSpectrum();
  }

  /** The frequencies of the modes in the picture and the sound, in cycles per unit of time. */
  frequencies() {
    return schemeFrequencies(this.modes.eigenvalues, this.dt);
  }

  drawSpectrum() {
    if (this.drum === undefined) return;
    const lines = this.modes === null ? [] : this.frequencies();
    // Without the modes yet: by the first term of Weyl's law.
    const highest = lines[SHOWN_MODES - 1] ?? Math.sqrt((4 * Math.PI * SHOWN_MODES) / this.drum.area) / (2 * Math.PI);
    drawDrumSpectrum(this.parts.spectrum, { spectrum: this.spectrum, lines, factor: this.factor, highest });
  }

  /** Bring the drum to rest and end its sound. */
  stop() {
    stopSound();
    this.soundClient?.cancel();
    this.membrane?.rest();
  }

  /** Stop moving and sounding until `resume`. */
  pause() {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    this.frame = null;
    stopSound();
  }

  /** Move on if the view is seen; else pause. */
  resume() {
    if (this.isSeen === false || document.visibilityState === "hidden") this.pause();
    else if (this.frame === null) {
      this.clock = { last: null, owed: 0, second: null, frames: 0 };
      this.frame = requestAnimationFrame((time) => this.animate(time));
    }
  }

  animate(time) {
    const { clock, membrane } = this;
    const elapsed = clock.last === null ? 0 : Math.min(0.1, (time - clock.last) / 1000);
    clock.last = time;
    clock.owed += elapsed * Number(this.parts.speed.value);
    const steps = Math.floor(clock.owed);
    clock.owed -= steps;
    if (!this.isDrawing) membrane.advance(steps);
    const peak = this.isDrawing ? 0 : largestPosition(membrane.now);
    this.scale = Math.max(LEAST_SCALE, 0.6 * peak, 0.97 * this.scale);
    this.stage.draw({
      values: membrane.now,
      scale: this.scale,
      pickup: this.pickup,
      cursor: this.cursor,
      line: this.line ?? [],
      drawing: this.isDrawing,
    });
    this.countFrame(time);
    this.frame = requestAnimationFrame((next) => this.animate(next));
  }

  countFrame(time) {
    const { clock, parts } = this;
    clock.second ??= time;
    if (time - clock.second >= 1000) {
      const rate = (1000 * clock.frames) / (time - clock.second);
      const slower = (Number(parts.pitch.value) * 1000) / Number(parts.speed.value);
      parts.rate.textContent = `${Math.round(rate)} frames/s; the sound is ${shortNumber(slower)} times faster`;
      clock.second = time;
      clock.frames = 0;
    }
    clock.frames++;
  }
}

function largestPosition(values) {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
}

function placeOfNode(node) {
  return [node % GRID, Math.floor(node / GRID)];
}

function piecesText(loops, pieces) {
  const count = Math.max(loops, pieces);
  if (count === 1) return "";
  const reason = loops > 1 ? "This line crosses itself" : "This shape is too thin for the grid somewhere";
  return `${reason} and makes ${count} pieces, each a drum of its own; this is the largest.`;
}
