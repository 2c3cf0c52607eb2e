// Drawing on a picture with a pointer or the keyboard.

import { drawEdges } from "./picture.js";

const ARROW_STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * The pixels that an arrow key moves by, as rows and columns; null for another key.
 * @param {KeyboardEvent} event
 * @returns {[number, number] | null}
 */
export function arrowStep(event) {
  return event.ctrlKey || event.altKey || event.metaKey ? null : (ARROW_STEPS[event.key] ?? null);
}

export class DrawPad {
  /**
   * @param {import("./picture.js").Picture} picture
   * @param {import("./tools.js").Tools} tools
   * @param {(isFinished: boolean) => void} onDraw called when the drawing has changed; isFinished: the stroke is over
   */
  constructor(picture, tools, onDraw) {
    this.picture = picture;
    this.tools = tools;
    this.onDraw = onDraw;
    /** @type {import("./drawing.js").Drawing | null} */
    this.drawing = null;
    /** Where the next piece or stroke would be; null if no pointer is above the picture. */
    this.place = null;
    this.isDown = false;
    const { canvas } = picture;
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", () => this.release());
    canvas.addEventListener("pointercancel", () => this.release());
    canvas.addEventListener("pointerleave", () => this.leave());
    canvas.addEventListener("blur", () => this.leave());
    canvas.addEventListener("keydown", (event) => this.key(event));
    picture.layers.push((context, cell) => this.drawGhost(context, cell));
  }

  /** Draw on this drawing from now on; null: on none. */
  use(drawing) {
    this.drawing = drawing;
    this.place = null;
    const { canvas } = this.picture;
    canvas.classList.toggle("drawable", drawing !== null);
    if (drawing === null) canvas.removeAttribute("tabindex");
    else canvas.tabIndex = 0;
    this.picture.drawOverlay();
  }

  press(event) {
    if (this.drawing === null || event.button !== 0) return;
    event.preventDefault();
    this.picture.canvas.focus({ preventScroll: true });
    this.picture.canvas.setPointerCapture(event.pointerId);
    this.place = this.picture.pixelAt(event);
    this.begin();
    this.isDown = this.tools.piece === null;
    if (!this.isDown) this.onDraw(true);
  }

  move(event) {
    if (this.drawing === null) return;
    const place = this.picture.pixelAt(event);
    if (this.isDown) {
      this.drawing.paint(this.place, place, this.tools.size, this.tools.levels);
      this.onDraw(false);
    }
    this.place = place;
    this.picture.drawOverlay();
  }

  release() {
    if (!this.isDown) return;
    this.isDown = false;
    this.onDraw(true);
  }

  leave() {
    if (this.isDown) return;
    this.place = null;
    this.picture.drawOverlay();
  }

  key(event) {
    if (this.drawing === null) return;
    const step = arrowStep(event);
    const { height, width } = this.drawing;
    if (step !== null) {
      const from = this.place ?? { row: height >> 1, column: width >> 1 };
      const limit = (value, count) => Math.max(0, Math.min(count - 1, value));
      this.place = { row: limit(from.row + step[0], height), column: limit(from.column + step[1], width) };
      this.picture.drawOverlay();
    } else if (event.key === "Enter" || event.key === " ") {
      this.place ??= { row: height >> 1, column: width >> 1 };
      this.begin();
      this.onDraw(true);
    } else return;
    event.preventDefault();
  }

  /** Draw a piece, or the first dab of a stroke. */
  begin() {
    this.drawing.begin();
    if (this.tools.piece === null) {
      this.drawing.paint(this.place, this.place, this.tools.size, this.tools.levels);
    } else {
      this.drawing.stamp({ ...this.pieceBox(), cells: this.tools.cells, cell: this.tools.cell, colour: this.tools.colour });
      this.tools.nextColour();
    }
  }

  /** The top left corner of the piece, whose middle is at the pointer, inside the image if it fits. */
  pieceBox() {
    const { cells, cell } = this.tools;
    const corner = (middle, count, whole) => Math.max(0, Math.min(whole - count * cell, Math.round(middle + 0.5 - (count * cell) / 2)));
    return {
      row: corner(this.place.row, cells.length, this.drawing.height),
      column: corner(this.place.column, cells[0].length, this.drawing.width),
    };
  }

  drawGhost(context, size) {
    if (this.drawing === null || this.place === null) return;
    if (this.tools.piece === null) {
      const side = this.tools.size;
      const [left, top] = [this.place.column - Math.floor((side - 1) / 2), this.place.row - Math.floor((side - 1) / 2)];
      drawEdges(context, size, boxEdges(left, top, side));
      return;
    }
    const { row, column } = this.pieceBox();
    const { cells, cell } = this.tools;
    const boxes = cells.flatMap((line, y) => line.flatMap((isFilled, x) => (isFilled ? [[column + x * cell, row + y * cell]] : [])));
    drawEdges(context, size, boxes.flatMap(([left, top]) => boxEdges(left, top, cell)));
  }
}

function boxEdges(left, top, side) {
  return [
    [left, top, left + side, top],
    [left, top + side, left + side, top + side],
    [left, top, left, top + side],
    [left + side, top, left + side, top + side],
  ];
}
