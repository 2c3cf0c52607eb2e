// The input: a sample of the dataset or a drawing, with the true classes, if they are known, and the prediction.

import { accuracies } from "./answer.js";
import { DrawPad } from "./draw_pad.js";
import { Drawing } from "./drawing.js";
import { element, percent } from "./elements.js";
import { Picture } from "./picture.js";
import { imagePixels, maskPixels } from "./pixels.js";
import { Tools } from "./tools.js";

/**
 * An image for the network.
 * @typedef {{image: Float32Array, height: number, width: number, mask: Uint8Array | null}} Input
 */

export class InputPanel {
  /**
   * @param {Record<string, HTMLElement>} parts
   * @param {{samples: import("./network_file.js").Sample[], settings: object}} page
   * @param {(input: Input, isFinished: boolean) => void} onInput called with another image; isFinished: no stroke is
   *   being drawn
   * @param {(event: PointerEvent, pixel: {row: number, column: number}) => void} onPixel
   */
  constructor(parts, { samples, settings }, onInput, onPixel) {
    this.parts = parts;
    this.samples = samples;
    this.settings = settings;
    this.onInput = onInput;
    this.input = new Picture(parts.input, "The input");
    this.truth = new Picture(parts.truth, "The true class of each pixel");
    this.prediction = new Picture(parts.prediction, "The predicted class of each pixel");
    this.tools = new Tools(parts.tools, settings.drawing, parts.actions, () => this.input.drawOverlay());
    this.pad = new DrawPad(this.input, this.tools, (isFinished) => this.drawn(isFinished));
    for (const picture of [this.input, this.truth, this.prediction]) {
      picture.canvas.addEventListener("pointerdown", (event) => {
        if (picture !== this.input || this.pad.drawing === null) onPixel(event, picture.pixelAt(event));
      });
    }
    const { channels, height, width } = settings.drawing;
    this.drawing = new Drawing(channels, height, width);
    parts["draw-on"].addEventListener("click", () => this.drawOnSample());
    parts.undo.addEventListener("click", () => this.change(() => this.drawing.undo()));
    parts.clear.addEventListener("click", () => this.change(() => this.drawing.clear()));
    this.makeLegend();
    this.makeSources();
  }

  makeSources() {
    const option = (value, title, content) => {
      const input = element("input", { type: "radio", name: "source", value, onchange: () => this.choose(value) });
      return element("label", { title }, input, content);
    };
    const thumbnails = this.samples.map((sample, number) => {
      const root = element("span");
      const thumbnail = new Picture(root, `${this.settings.split} image ${sample.index}`);
      thumbnail.setSize(sample.height, sample.width);
      thumbnail.showPixels(imagePixels(sample.image, sample.height * sample.width));
      return option(String(number), `${this.settings.split} image ${sample.index}`, root);
    });
    this.parts.sources.append(...thumbnails, option("drawing", "Draw an image", element("span", { class: "draw-tile" }, "Draw")));
  }

  makeLegend() {
    const { classes, classColours } = this.settings;
    this.parts.legend.append(
      ...classes.map((name, label) => {
        const swatch = element("span", { class: "swatch" });
        swatch.style.backgroundColor = `rgb(${classColours[label].join(" ")})`;
        return element("li", {}, swatch, name);
      }),
    );
  }

  /** Show a sample, by its place in the page, or "drawing". */
  choose(source) {
    const button = [...this.parts.sources.querySelectorAll("input")].find(({ value }) => value === source);
    button.checked = true;
    const isDrawing = source === "drawing";
    this.sample = isDrawing ? null : this.samples[Number(source)];
    this.parts.root.classList.toggle("drawing", isDrawing);
    this.parts["draw-tools"].hidden = !isDrawing;
    this.parts["draw-on"].hidden = isDrawing;
    this.pad.use(isDrawing ? this.drawing : null);
    this.show(true);
  }

  /** Copy the sample to the drawing, and draw there. */
  drawOnSample() {
    const { image, height, width } = this.sample;
    if (height !== this.drawing.height || width !== this.drawing.width) {
      this.drawing = new Drawing(this.drawing.channels, height, width);
    }
    this.drawing.begin();
    this.drawing.image.set(image);
    this.choose("drawing");
  }

  change(action) {
    action();
    this.drawn(true);
  }

  drawn(isFinished) {
    this.show(isFinished);
  }

  get current() {
    const { image, height, width, mask } = this.sample ?? { ...this.drawing, image: this.drawing.image, mask: null };
    return { image, height, width, mask };
  }

  show(isFinished) {
    const input = this.current;
    const { image, height, width, mask } = input;
    for (const picture of [this.input, this.truth, this.prediction]) picture.setSize(height, width);
    this.input.showPixels(imagePixels(image, height * width));
    this.input.drawOverlay();
    this.parts["truth-figure"].hidden = mask === null;
    if (mask !== null) this.truth.showPixels(this.classPixels(mask));
    if (isFinished) this.clearPrediction();
    this.parts.undo.disabled = !this.drawing.canUndo;
    this.onInput(input, isFinished);
  }

  clearPrediction() {
    this.prediction.clear();
    this.parts.accuracy.textContent = "";
  }

  /** Show the prediction of the network for the image that is shown. */
  showPrediction(labels) {
    this.prediction.showPixels(this.classPixels(labels));
    const { mask } = this.current;
    if (mask === null) return;
    const { all, foreground } = accuracies(labels, mask, this.settings.ignored);
    const shares = [];
    if (all !== null) shares.push(`${percent(all)} of pixels`);
    if (foreground !== null) shares.push(`${percent(foreground)} of the foreground`);
    this.parts.accuracy.textContent = shares.length === 0 ? "" : `Right on ${shares.join(", ")}.`;
  }

  classPixels(labels) {
    const { classColours, ignored, ignoredColour } = this.settings;
    return maskPixels(labels, classColours, { label: ignored, colour: ignoredColour });
  }
}
