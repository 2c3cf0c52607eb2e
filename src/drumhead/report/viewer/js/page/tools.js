// The drawing tools: a piece, its turn and colour; a brush; an eraser.

import { element, radioOptions, svgElement } from "./elements.js";
import { PIECES, turnedCells } from "./tetromino.js";

/** The sizes of the brush in pixels. */
const BRUSH_SIZES = [1, 2, 3, 5, 7];

export class Tools {
  /**
   * @param {HTMLElement} root an empty element
   * @param {{channels: number, cell: number | null}} drawing cell: the side of a cell of a piece in pixels; null for
   *   data without pieces
   * @param {HTMLElement} actions a row of buttons, which gets those of the tool that is chosen
   * @param {() => void} onChange called when another tool is chosen
   */
  constructor(root, { channels, cell }, actions, onChange) {
    this.cell = cell;
    this.channels = channels;
    this.onChange = onChange;
    /** The number of the piece to draw, "brush" or "eraser". */
    this.chosen = cell === null ? "brush" : "0";
    this.turns = 0;
    this.mirrored = false;
    this.size = 3;
    this.level = 255;
    this.colour = randomColour();
    this.isRandom = true;
    root.append(...this.makeControls());
    actions.prepend(this.turn, this.mirror, this.brushSize);
    this.showOptions();
  }

  makeControls() {
    const pieces = this.cell === null ? [] : PIECES.map(({ name, cells }, number) => ({ value: String(number), label: pieceIcon(cells), title: `Piece ${name}` }));
    const others = [
      { value: "brush", label: "Brush" },
      { value: "eraser", label: "Eraser" },
    ];
    const choose = (value) => {
      this.chosen = value;
      this.showOptions();
      this.onChange();
    };
    const groups = [pieces, others].filter((group) => group.length > 0);
    const kinds = groups.map((group) => element("div", { class: "segments" }, ...radioOptions("tool", group, this.chosen, choose)));
    this.turn = element("button", { type: "button", onclick: () => this.turnPiece() }, "Turn");
    this.mirror = element("button", { type: "button", onclick: () => this.mirrorPiece() }, "Mirror");
    this.sizes = element("select", { "aria-label": "Size of the brush", onchange: () => this.chooseSize() });
    for (const size of BRUSH_SIZES) this.sizes.append(element("option", { value: size }, `${size} px`));
    this.sizes.value = String(this.size);
    this.brushSize = element("label", {}, "Size ", this.sizes);
    const isColour = this.channels === 3;
    this.picker = isColour
      ? element("input", { type: "color", value: hex(this.colour), oninput: () => this.chooseColour() })
      : element("input", { type: "range", min: 0, max: 255, value: this.level, oninput: () => this.chooseLevel() });
    this.colourLabel = element("label", {}, isColour ? "Colour " : "Brightness ", this.picker);
    this.random = element("input", { type: "checkbox", onchange: () => this.chooseRandom() });
    this.random.checked = this.isRandom;
    this.randomLabel = element("label", {}, this.random, " another for each piece");
    const options = element("div", { class: "row" }, this.colourLabel, this.randomLabel);
    return [element("div", { class: "row", role: "group", "aria-label": "Tool" }, ...kinds), options];
  }

  /** The piece that is chosen; null if the brush or the eraser is. */
  get piece() {
    return PIECES[Number(this.chosen)] ?? null;
  }

  /** The cells of the piece as it is turned. */
  get cells() {
    return turnedCells(this.piece.cells, this.turns, this.mirrored);
  }

  /** The value of each channel that the brush or the eraser paints, from 0 to 1. */
  get levels() {
    if (this.chosen === "eraser") return Array(this.channels).fill(0);
    return this.channels === 3 ? this.colour.map((level) => level / 255) : Array(this.channels).fill(this.level / 255);
  }

  /** Choose another colour, if each piece has its own. */
  nextColour() {
    if (!this.isRandom) return;
    this.colour = randomColour();
    this.picker.value = hex(this.colour);
  }

  turnPiece() {
    this.turns = (this.turns + 1) % 4;
    this.onChange();
  }

  mirrorPiece() {
    this.mirrored = !this.mirrored;
    this.onChange();
  }

  chooseSize() {
    this.size = Number(this.sizes.value);
    this.onChange();
  }

  chooseColour() {
    this.colour = [1, 3, 5].map((at) => Number.parseInt(this.picker.value.slice(at, at + 2), 16));
    this.isRandom = false;
    this.random.checked = false;
    this.onChange();
  }

  chooseLevel() {
    this.level = Number(this.picker.value);
    this.onChange();
  }

  chooseRandom() {
    this.isRandom = this.random.checked;
  }

  showOptions() {
    const isPiece = this.piece !== null;
    this.turn.hidden = !isPiece;
    this.mirror.hidden = !isPiece || !this.piece.name.includes("/");
    this.randomLabel.hidden = !isPiece || this.channels !== 3;
    this.brushSize.hidden = isPiece;
    this.colourLabel.hidden = this.chosen === "eraser";
  }
}

function pieceIcon(cells) {
  const [height, width] = [cells.length, cells[0].length];
  const icon = svgElement("svg", { class: "icon", width: 6 * width + 1, height: 6 * height + 1, "aria-hidden": "true" });
  cells.forEach((row, y) =>
    row.forEach((isFilled, x) => {
      if (isFilled) icon.append(svgElement("rect", { x: 6 * x + 1, y: 6 * y + 1, width: 5, height: 5 }));
    }),
  );
  return icon;
}

/** A colour as the dataset draws it: each part is uniform; too dark ones, which nobody sees, are drawn again. */
function randomColour() {
  const colour = Array.from({ length: 3 }, () => Math.floor(256 * Math.random()));
  return Math.max(...colour) < 60 ? randomColour() : colour;
}

function hex(colour) {
  return `#${colour.map((level) => level.toString(16).padStart(2, "0")).join("")}`;
}
