// A small line chart with axes in numbers.

import { shortNumber, svgElement } from "./elements.js";

const LEFT = 44;
const RIGHT = 10;
const TOP = 14;
const BOTTOM = 18;
const TITLE = 15;
/** CSS pixels: at this distance or more from each other, ticks can be read. */
const TICK_DISTANCE = 56;

/**
 * A line of a chart: values at start, start + step, ...
 * @typedef {{values: ArrayLike<number>, start: number, step: number, name: string}} ChartLine
 */

export class LineChart {
  /**
   * @param {HTMLElement} root an empty element, as wide as the chart
   * @param {string} label what the chart shows, for those who do not see it
   * @param {number} height CSS pixels, without the title
   * @param {string} title of the x axis, with its unit; empty: no title
   * @param {(x: number) => void} [onPick] called with the place on the x axis that a pointer is pressed on
   */
  constructor(root, label, height, title, onPick) {
    this.root = root;
    this.height = height;
    this.title = title;
    this.svg = svgElement("svg", { role: "img", "aria-label": label, class: "chart" });
    root.append(this.svg);
    /** @type {{x: [number, number], y: [number, number], lines: ChartLine[], marks: {x: number, name: string, text: string}[]} | null} */
    this.content = null;
    this.cursor = null;
    new ResizeObserver(() => this.render()).observe(root);
    if (onPick !== undefined) {
      const pick = (event) => {
        if (this.content !== null && event.buttons !== 0) onPick(this.valueAt(event));
      };
      this.svg.addEventListener("pointerdown", pick);
      this.svg.addEventListener("pointermove", pick);
      this.svg.classList.add("pickable");
    }
  }

  /**
   * Draw lines and vertical marks.
   * @param {{x: [number, number], y: [number, number], lines: ChartLine[], marks?: {x: number, name: string, text: string}[]}} content
   */
  draw({ x, y, lines, marks = [] }) {
    this.content = { x, y, lines, marks };
    this.render();
  }

  /** Show a thin line at a place on the x axis. */
  setCursor(x) {
    this.cursor = x;
    if (this.cursorLine !== undefined) this.placeCursor();
  }

  get width() {
    return Math.max(120, this.root.clientWidth);
  }

  atX(value) {
    const [low, high] = this.content.x;
    return LEFT + ((value - low) / (high - low)) * (this.width - LEFT - RIGHT);
  }

  atY(value) {
    const [low, high] = this.content.y;
    return this.height - BOTTOM - ((value - low) / (high - low)) * (this.height - TOP - BOTTOM);
  }

  valueAt(event) {
    const [low, high] = this.content.x;
    const share = (event.clientX - this.svg.getBoundingClientRect().left - LEFT) / (this.width - LEFT - RIGHT);
    return low + Math.max(0, Math.min(1, share)) * (high - low);
  }

  render() {
    if (this.content === null || this.root.clientWidth === 0) return;
    this.svg.setAttribute("width", this.width);
    const whole = this.height + (this.title === "" ? 0 : TITLE);
    this.svg.setAttribute("height", whole);
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${whole}`);
    this.cursorLine = svgElement("line", { class: "cursor", y1: TOP, y2: this.height - BOTTOM });
    this.svg.replaceChildren(
      ...this.axes(),
      ...this.content.lines.map((line) => svgElement("path", { class: `line ${line.name}`, d: this.path(line) })),
      ...this.content.marks.flatMap((mark, number) => this.mark(mark, number)),
      this.cursorLine,
    );
    this.placeCursor();
  }

  placeCursor() {
    const isShown = this.cursor !== null && this.content !== null;
    this.cursorLine.style.display = isShown ? "" : "none";
    if (!isShown) return;
    const x = this.atX(this.cursor);
    this.cursorLine.setAttribute("x1", x);
    this.cursorLine.setAttribute("x2", x);
  }

  axes() {
    const { x, y } = this.content;
    const bottom = this.height - BOTTOM;
    const zero = this.atY(Math.max(y[0], Math.min(0, y[1])));
    const made = [svgElement("line", { class: "axis", x1: LEFT, x2: this.width - RIGHT, y1: zero, y2: zero })];
    for (const value of y[0] < 0 ? [y[0], 0, y[1]] : y) {
      const attributes = { class: "tick", x: LEFT - 6, y: this.atY(value) + 4, "text-anchor": "end" };
      made.push(svgElement("text", attributes, shortNumber(value)));
    }
    for (const value of ticks(x[0], x[1], Math.floor((this.width - LEFT - RIGHT) / TICK_DISTANCE))) {
      const place = this.atX(value);
      made.push(svgElement("line", { class: "axis", x1: place, x2: place, y1: bottom, y2: bottom + 4 }));
      made.push(svgElement("text", { class: "tick", x: place, y: this.height - 2, "text-anchor": "middle" }, shortNumber(value, 3)));
    }
    const middle = (LEFT + this.width - RIGHT) / 2;
    const place = { class: "tick", x: middle, y: this.height + TITLE - 3, "text-anchor": "middle" };
    if (this.title !== "") made.push(svgElement("text", place, this.title));
    return made;
  }

  mark({ x, name, text }, number) {
    const place = this.atX(x);
    if (place > this.width - RIGHT + 1) return [];
    const isRight = place > this.width - 90;
    const label = { class: `mark-text ${name}`, x: place + (isRight ? -4 : 4), y: TOP + 4 + 13 * number };
    return [
      svgElement("line", { class: `mark ${name}`, x1: place, x2: place, y1: TOP - 6, y2: this.height - BOTTOM }),
      svgElement("text", { ...label, "text-anchor": isRight ? "end" : "start" }, text),
    ];
  }

  path({ values, start, step }) {
    const points = [];
    for (let at = 0; at < values.length; at++) {
      const x = start + at * step;
      if (x > this.content.x[1] + step / 2) break;
      const y = Math.max(this.content.y[0], Math.min(this.content.y[1], values[at]));
      points.push(`${this.atX(x).toFixed(1)} ${this.atY(y).toFixed(1)}`);
    }
    return points.length === 0 ? "" : `M${points.join("L")}`;
  }
}

/**
 * Round numbers in a range, evenly spaced.
 * @param {number} low
 * @param {number} high above low
 * @param {number} most the greatest number of steps between them
 * @returns {number[]}
 */
export function ticks(low, high, most) {
  const least = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9));
  const made = [];
  for (let number = Math.ceil(low / step - 1e-9); number * step <= high + step * 1e-9; number++) {
    made.push(Number((number * step).toPrecision(12)));
  }
  return made;
}
