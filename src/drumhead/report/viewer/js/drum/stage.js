// The picture of a drum in motion: the field inside its rim, the pick-up, the cursor, and a rim that is being drawn.

import { fieldPixels } from "../shared/colour.js";
import { GRID } from "./shapes.js";

/** The canvas of a drum, and where pointers are on its grid. */
export class DrumStage {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.field = document.createElement("canvas");
    this.field.width = this.field.height = GRID;
    this.pixels = new Uint8ClampedArray(4 * GRID * GRID);
    this.values = new Float64Array(GRID * GRID);
    this.shown = [];
    new ResizeObserver(() => this.fit()).observe(canvas);
    this.fit();
  }

  /** Give the canvas as many pixels as the screen shows of it. */
  fit() {
    const side = Math.max(GRID, Math.round(this.canvas.clientWidth * Math.min(2, window.devicePixelRatio || 1)));
    if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
  }

  /**
   * Show another drum.
   * @param {import("./shapes.js").Drum} drum
   * @param {"fixed"|"free"} rim
   */
  setDrum(drum, rim) {
    this.drum = drum;
    // Nodes beside the rim take part in the interpolation between nodes: at rest, or level with the node inside.
    this.shown = [];
    for (let at = GRID; at < GRID * (GRID - 1); at++) {
      if (drum.inside[at]) {
        this.shown.push([at, at]);
        continue;
      }
      const around = [-GRID, GRID, -1, 1, -GRID - 1, -GRID + 1, GRID - 1, GRID + 1].map((step) => at + step);
      const neighbour = around.find((other) => drum.inside[other]);
      if (neighbour !== undefined) this.shown.push([at, rim === "free" ? neighbour : -1]);
    }
  }

  /**
   * Draw all.
   * @param {{values: Float64Array, scale: number, pickup: number|null, cursor: number[]|null, line: number[][],
   *   drawing: boolean}} content values: the position; cursor and line: places (x, y) in columns and rows of the grid
   */
  draw({ values, scale, pickup, cursor, line, drawing }) {
    const context = this.canvas.getContext("2d");
    const side = this.canvas.width;
    const cell = side / GRID;
    const style = getComputedStyle(this.canvas);
    const colour = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, side, side);
    context.setTransform(cell, 0, 0, cell, cell / 2, cell / 2); // node (x, y) is in the middle of its cell
    context.lineJoin = context.lineCap = "round";
    if (this.drum !== undefined && !drawing) {
      this.drawField(context, values, scale);
      context.lineWidth = 0.9;
      context.strokeStyle = colour("--ink", "#888");
      context.stroke(this.outline());
    }
    if (drawing) this.drawLine(context, line, colour("--accent", "#0b62a0"));
    if (pickup !== null && !drawing) {
      drawRing(context, pickup % GRID, Math.floor(pickup / GRID), 2.6, ["#000", "#fff"]);
      drawRing(context, pickup % GRID, Math.floor(pickup / GRID), 1.2, ["#000", "#fff"]);
    }
    if (cursor !== null) drawCross(context, cursor[0], cursor[1]);
  }

  drawField(context, values, scale) {
    this.values.fill(0);
    for (const [at, from] of this.shown) this.values[at] = from < 0 ? 0 : values[from];
    fieldPixels(this.values, scale, this.pixels);
    for (let at = 3; at < this.pixels.length; at += 4) this.pixels[at] = 0;
    for (const [at] of this.shown) this.pixels[4 * at + 3] = 255;
    this.field.getContext("2d").putImageData(new ImageData(this.pixels, GRID, GRID), 0, 0);
    context.save();
    context.clip(this.outline());
    context.imageSmoothingEnabled = true;
    context.drawImage(this.field, -0.5, -0.5, GRID, GRID);
    context.restore();
  }

  outline() {
    const path = new Path2D();
    this.drum.outline.forEach(([x, y]) => path.lineTo(x, y));
    path.closePath();
    return path;
  }

  drawLine(context, line, colour) {
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.beginPath();
    line.forEach(([x, y]) => context.lineTo(x, y));
    context.stroke();
    if (line.length < 2) return;
    context.setLineDash([1.5, 2.5]);
    context.beginPath();
    context.moveTo(...line[line.length - 1]);
    context.lineTo(...line[0]);
    context.stroke();
    context.setLineDash([]);
  }

  /**
   * Return where a pointer is.
   * @param {PointerEvent} event
   * @returns {number[]} (x, y) in columns and rows of the grid, within it
   */
  placeOf(event) {
    const box = this.canvas.getBoundingClientRect();
    const within = (value) => Math.max(1, Math.min(GRID - 2, value));
    return [
      within(((event.clientX - box.left) / box.width) * GRID - 0.5),
      within(((event.clientY - box.top) / box.height) * GRID - 0.5),
    ];
  }

  /**
   * Return the node inside that is nearest to a place.
   * @param {number[]} place (x, y)
   * @param {number} reach the largest distance, in spacings
   * @returns {number|null} row * GRID + column; null if there is none within reach
   */
  nodeNear([x, y], reach) {
    let nearest = null;
    let distance = reach;
    this.drum.inside.forEach((isInside, at) => {
      if (!isInside) return;
      const away = Math.hypot((at % GRID) - x, Math.floor(at / GRID) - y);
      if (away <= distance) [nearest, distance] = [at, away];
    });
    return nearest;
  }
}

/** Draw a circle that is seen on dark and on bright colours. */
function drawRing(context, x, y, radius, [outer, inner]) {
  for (const [colour, width] of [
    [outer, 1.3],
    [inner, 0.6],
  ]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
  }
}

function drawCross(context, x, y) {
  for (const [colour, width] of [
    ["#000", 1.3],
    ["#fff", 0.6],
  ]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    for (const [dx, dy] of [
      [3, 0],
      [0, 3],
    ]) {
      context.moveTo(x - dx, y - dy);
      context.lineTo(x + dx, y + dy);
    }
    context.stroke();
  }
}
