// The field: waves as a movie or a map of stiffness or damping, with the pixels that are looked at.

import { arrowStep } from "./draw_pad.js";
import { radioOptions, element, shortNumber } from "./elements.js";
import { drawEdges, drawMarker, Picture } from "./picture.js";
import { outlineEdges, shapeMask } from "./pixels.js";
import { divergingColour } from "../shared/colour.js";
import { magnitudeLimit } from "./answer.js";

/** The colours of the two markers, which have a white rim on every picture. */
const MARKER_COLOURS = { a: "#0b62a0", b: "#a8267f" };
/** The largest number of channels with a button each. */
const MOST_BUTTONS = 6;

export class FieldView {
  /**
   * @param {Record<string, HTMLElement>} parts
   * @param {{channels: number, unit: string, hasMaps: boolean, state: string}} network state: what the states are
   * @param {(event: PointerEvent, pixel: {row: number, column: number}) => void} onPixel
   * @param {(step: [number, number], isOther: boolean) => void} onMove called with a step of an arrow key
   */
  constructor(parts, network, onPixel, onMove) {
    this.parts = parts;
    this.network = network;
    this.shown = "waves";
    this.channel = 0;
    this.frame = 0;
    this.limit = 1;
    /** @type {import("./answer.js").Answer | null} */
    this.answer = null;
    this.edges = [];
    this.markers = [];
    this.picture = new Picture(parts.field, `${network.state} of every pixel; arrow keys move the pixel that is looked at`);
    this.picture.layers.push((context, cell) => this.drawLayers(context, cell));
    const { canvas } = this.picture;
    canvas.tabIndex = 0;
    canvas.addEventListener("pointerdown", (event) => onPixel(event, this.picture.pixelAt(event)));
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse" && event.buttons === 1) onPixel(event, this.picture.pixelAt(event));
    });
    canvas.addEventListener("keydown", (event) => {
      const step = arrowStep(event);
      if (step === null) return;
      event.preventDefault();
      onMove(step, event.shiftKey);
    });
    this.makeControls();
    this.drawBar();
  }

  makeControls() {
    const { channels, hasMaps, state } = this.network;
    const kinds = [
      { value: "waves", label: hasMaps ? "Waves" : state },
      { value: "stiffness", label: "Stiffness" },
      { value: "damping", label: "Damping" },
    ];
    this.parts.show.hidden = !hasMaps;
    this.parts.show.append(...radioOptions("show", kinds, "waves", (kind) => this.choose(kind, this.channel)));
    this.parts["channel-choice"].hidden = channels === 1;
    const names = Array.from({ length: channels }, (_, channel) => String(channel));
    const change = (value) => this.choose(this.shown, Number(value));
    if (channels <= MOST_BUTTONS) {
      const options = names.map((name) => ({ value: name, label: name }));
      const group = element("span", { class: "segments" }, ...radioOptions("channel", options, "0", change));
      this.parts["channel-choice"].append(group);
    } else {
      const select = element("select", { "aria-label": "Channel", onchange: () => change(select.value) });
      select.append(...names.map((name) => element("option", { value: name }, name)));
      this.parts["channel-choice"].append(select);
    }
    this.parts.outline.addEventListener("change", () => this.picture.drawOverlay());
  }

  /** Show waves, stiffness or damping of a channel. */
  choose(kind, channel) {
    this.shown = kind;
    this.channel = channel;
    this.rescale();
    this.draw();
  }

  /** Show an answer for an image, from its first frame. */
  start(answer, input) {
    this.answer = answer;
    this.picture.setSize(input.height, input.width);
    this.setOutline(input);
    this.picture.clear();
    this.limit = 1;
  }

  /** Draw the outline of this image above the field. */
  setOutline({ image, height, width }) {
    this.edges = outlineEdges(shapeMask(image, height * width), height, width);
    this.picture.drawOverlay();
  }

  /** Choose the scale anew from all frames that there are. */
  rescale() {
    if (this.answer === null) return;
    if (this.shown === "waves") this.limit = this.answer.waveLimit(this.channel);
    else if (this.answer[this.shown] !== null) this.limit = magnitudeLimit(this.answer.map(this.shown, this.channel).slice());
    const low = this.shown === "waves" ? -this.limit : 0;
    this.parts["scale-low"].textContent = shortNumber(low);
    this.parts["scale-middle"].textContent = shortNumber((low + this.limit) / 2);
    this.parts["scale-high"].textContent = shortNumber(this.limit);
    this.parts["scale-unit"].textContent = this.quantity();
    this.drawBar();
  }

  quantity() {
    const { unit, state } = this.network;
    if (this.shown === "stiffness") return `stiffness, per (${unit})²`;
    if (this.shown === "damping") return `damping, per ${unit}`;
    return state.toLowerCase();
  }

  /** Show a frame of the waves. */
  showFrame(frame) {
    this.frame = frame;
    this.draw();
  }

  draw() {
    const { answer } = this;
    if (answer === null) return;
    if (this.shown !== "waves") {
      if (answer[this.shown] !== null) this.picture.showField(answer.map(this.shown, this.channel), this.limit);
    } else if (this.frame < answer.frames) this.picture.showField(answer.frame(this.frame, this.channel), this.limit);
  }

  /** Show markers at these pixels. */
  setMarkers(markers) {
    this.markers = markers;
    this.picture.drawOverlay();
  }

  drawLayers(context, cell) {
    if (this.parts.outline.checked) drawEdges(context, cell, this.edges);
    for (const { name, ...pixel } of this.markers) drawMarker(context, cell, pixel, name.toUpperCase(), MARKER_COLOURS[name]);
  }

  drawBar() {
    const canvas = this.parts["scale-bar"];
    const low = this.shown === "waves" ? -1 : 0;
    canvas.width = 256;
    canvas.height = 1;
    const context = canvas.getContext("2d");
    for (let x = 0; x < 256; x++) {
      context.fillStyle = `rgb(${divergingColour(low + ((1 - low) * x) / 255).join(" ")})`;
      context.fillRect(x, 0, 1, 1);
    }
  }
}
