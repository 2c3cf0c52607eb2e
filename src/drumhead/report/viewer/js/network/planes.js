// The channels of an image or a field, each with a margin of one pixel, which 3x3 convolutions read.

import { TILE } from "./product.js";

export class Planes {
  /**
   * @param {number} channels
   * @param {number} height
   * @param {number} width
   */
  constructor(channels, height, width) {
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.rowLength = width + 2;
    this.planeLength = (height + 2) * (width + 2);
    // The last pixels of a row are read as a whole tile, which may reach beyond the last margin.
    this.values = new Float32Array(channels * this.planeLength + TILE);
  }

  /** @returns {number} where a pixel is in `values` */
  index(channel, y, x) {
    return channel * this.planeLength + (y + 1) * this.rowLength + x + 1;
  }

  /** Copy values (channel, height, width) into the channels from `first` on. @param {Float32Array} values */
  write(values, first = 0) {
    const { height, width } = this;
    for (let row = 0; row * width < values.length; row++) {
      const channel = first + Math.floor(row / height);
      this.values.set(values.subarray(row * width, (row + 1) * width), this.index(channel, row % height, 0));
    }
  }

  /** Copy the channels `first` to `first + channels - 1` into `out` (channel, height, width), from `start` on. */
  read(out, start, first = 0, channels = this.channels) {
    const { height, width } = this;
    for (let row = 0; row < channels * height; row++) {
      const from = this.index(first + Math.floor(row / height), row % height, 0);
      out.set(this.values.subarray(from, from + width), start + row * width);
    }
  }

  /** @returns {number[]} where each row of the first `channels` channels starts in `values`, without its margin */
  rowStarts(channels) {
    const rows = Array.from({ length: channels * this.height }, (_, row) => row);
    return rows.map((row) => this.index(Math.floor(row / this.height), row % this.height, 0));
  }

  /**
   * Fill the margin with what lies beyond the edge: drumhead.fields.boundaries. A fixed boundary is 0, as a new margin.
   *
   * @param {"circular" | "fixed" | "free"} boundary
   */
  fillMargin(boundary) {
    if (boundary === "fixed") return;
    const { channels, height, width, rowLength, values } = this;
    const circular = boundary === "circular";
    for (let channel = 0; channel < channels; channel++) {
      for (let y = 0; y < height; y++) {
        const first = this.index(channel, y, 0);
        const last = first + width - 1;
        values[first - 1] = values[circular ? last : first];
        values[last + 1] = values[circular ? first : last];
      }
      const top = this.index(channel, 0, -1);
      const bottom = this.index(channel, height - 1, -1);
      const above = circular ? bottom : top;
      const below = circular ? top : bottom;
      values.copyWithin(top - rowLength, above, above + rowLength);
      values.copyWithin(bottom + rowLength, below, below + rowLength);
    }
  }
}
