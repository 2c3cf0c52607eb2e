// A picture on the page: pixels, and above them an outline, markers, or a piece that is about to be drawn.

import { element } from "./elements.js";
import { drawField, drawPixels } from "../shared/colour.js";

/** The least radius of a marker, in CSS pixels. */
const MARKER_RADIUS = 7;

export class Picture {
  /**
   * @param {HTMLElement} root an empty element
   * @param {string} label what the picture shows, for those who do not see it
   */
  constructor(root, label) {
    this.canvas = element("canvas", { role: "img", "aria-label": label });
    this.overlay = element("canvas", { class: "overlay", "aria-hidden": "true" });
    root.append(this.canvas, this.overlay);
    root.classList.add("picture");
    this.root = root;
    this.height = 1;
    this.width = 1;
    /** @type {((context: CanvasRenderingContext2D, cell: number) => void)[]} */
    this.layers = [];
    new ResizeObserver(() => this.drawOverlay()).observe(root);
  }

  /** Say how many pixels the picture has. */
  setSize(height, width) {
    this.height = height;
    this.width = width;
    this.root.style.aspectRatio = `${width} / ${height}`;
  }

  /** Show pixels: red, green, blue, alpha of each. */
  showPixels(pixels) {
    drawPixels(this.canvas, pixels, this.height, this.width);
    this.root.classList.remove("blank");
  }

  /** Show a field in the colours of waves. */
  showField(values, limit) {
    drawField(this.canvas, values, this.height, this.width, limit);
    this.root.classList.remove("blank");
  }

  /** Show nothing. */
  clear() {
    this.root.classList.add("blank");
  }

  /**
   * The pixel below a pointer.
   * @param {PointerEvent} event
   * @returns {{row: number, column: number}} the nearest pixel, if the pointer is beside the picture
   */
  pixelAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const nearest = (share, count) => Math.max(0, Math.min(count - 1, Math.floor(share * count)));
    return {
      row: nearest((event.clientY - box.top) / box.height, this.height),
      column: nearest((event.clientX - box.left) / box.width, this.width),
    };
  }

  /** Draw the layers again, each with the size of a pixel of the picture in CSS pixels. */
  drawOverlay() {
    const { clientWidth, clientHeight } = this.root;
    const ratio = window.devicePixelRatio || 1;
    this.overlay.width = Math.round(clientWidth * ratio);
    this.overlay.height = Math.round(clientHeight * ratio);
    const context = this.overlay.getContext("2d");
    context.scale(ratio, ratio);
    for (const layer of this.layers) layer(context, clientWidth / this.width);
  }
}

/**
 * Draw edges as a thin light line with a dark one around it, visible on every colour.
 * @param {CanvasRenderingContext2D} context
 * @param {number} cell the size of a pixel
 * @param {[number, number, number, number][]} edges
 */
export function drawEdges(context, cell, edges) {
  context.beginPath();
  for (const [left, top, right, bottom] of edges) {
    context.moveTo(left * cell, top * cell);
    context.lineTo(right * cell, bottom * cell);
  }
  strokeTwice(context, "rgb(0 0 0 / 55%)", 2.5, "rgb(255 255 255 / 80%)", 1);
}

/**
 * Draw a marker around a pixel, with its letter.
 * @param {CanvasRenderingContext2D} context
 * @param {number} cell the size of a pixel
 * @param {{row: number, column: number}} pixel
 * @param {string} letter
 * @param {string} colour
 */
export function drawMarker(context, cell, { row, column }, letter, colour) {
  const [x, y] = [(column + 0.5) * cell, (row + 0.5) * cell];
  const radius = Math.max(MARKER_RADIUS, 0.75 * cell);
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  strokeTwice(context, "#fff", 5, colour, 2.5);
  const side = 2 * radius > context.canvas.clientWidth - x - 14 ? -1 : 1;
  const [textX, textY] = [x + side * (radius + 9), Math.max(9, y - radius)];
  context.font = "600 12px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = "#fff";
  context.beginPath();
  context.arc(textX, textY, 8, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = colour;
  context.fillText(letter, textX, textY + 0.5);
}

function strokeTwice(context, outer, outerWidth, inner, innerWidth) {
  context.lineWidth = outerWidth;
  context.strokeStyle = outer;
  context.stroke();
  context.lineWidth = innerWidth;
  context.strokeStyle = inner;
  context.stroke();
}
