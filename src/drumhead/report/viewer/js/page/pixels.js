// Pictures as pixels: images, class masks, and the outline of what an image shows.

/** The least difference from the background, of 1, at which a pixel belongs to a shape. */
const OUTLINE_DIFFERENCE = 0.02;

/**
 * The pixels of an image: red, green and blue of three channels, otherwise the first channel in grey.
 * @param {Float32Array} image channels * height * width, from 0 to 1
 * @param {number} count height * width
 * @returns {Uint8ClampedArray} red, green, blue, alpha of each pixel
 */
export function imagePixels(image, count) {
  const pixels = new Uint8ClampedArray(4 * count);
  const isColour = image.length === 3 * count;
  for (let at = 0; at < count; at++) {
    for (let part = 0; part < 3; part++) pixels[4 * at + part] = 255 * image[isColour ? part * count + at : at];
    pixels[4 * at + 3] = 255;
  }
  return pixels;
}

/**
 * The pixels of a class mask.
 * @param {Uint8Array} labels
 * @param {number[][]} colours red, green and blue of each class
 * @param {{label: number | null, colour: number[]}} ignored the label of pixels that do not count, and its colour
 * @returns {Uint8ClampedArray} red, green, blue, alpha of each pixel
 */
export function maskPixels(labels, colours, ignored) {
  const pixels = new Uint8ClampedArray(4 * labels.length);
  labels.forEach((label, at) => {
    pixels.set(label === ignored.label ? ignored.colour : colours[label], 4 * at);
    pixels[4 * at + 3] = 255;
  });
  return pixels;
}

/**
 * Which pixels of an image belong to a shape: those that differ from the commonest value, the background. In an image
 * without one, as a photograph, those that are brighter than the mean.
 * @param {Float32Array} image channels * height * width
 * @param {number} count height * width
 * @returns {boolean[]}
 */
export function shapeMask(image, count) {
  const channels = image.length / count;
  const key = (pixel) => Array.from({ length: channels }, (_, channel) => image[channel * count + pixel].toFixed(2)).join();
  const occurrences = new Map();
  for (let pixel = 0; pixel < count; pixel++) occurrences.set(key(pixel), (occurrences.get(key(pixel)) ?? 0) + 1);
  const [, largest] = [...occurrences].reduce((best, each) => (each[1] > best[1] ? each : best));
  const background = Array.from({ length: count }, (_, pixel) => pixel).find((pixel) => occurrences.get(key(pixel)) === largest);
  const all = Array.from({ length: channels }, (_, channel) => channel * count);
  if (3 * largest >= count) {
    return Array.from({ length: count }, (_, pixel) =>
      all.some((start) => Math.abs(image[start + pixel] - image[start + background]) > OUTLINE_DIFFERENCE),
    );
  }
  const mean = image.reduce((sum, value) => sum + value, 0) / count;
  return Array.from({ length: count }, (_, pixel) => all.reduce((sum, start) => sum + image[start + pixel], 0) > mean);
}

/**
 * The edges between the pixels of shapes and the others, each as column, row, column, row of its ends.
 * @param {boolean[]} mask height * width
 * @param {number} height
 * @param {number} width
 * @returns {[number, number, number, number][]}
 */
export function outlineEdges(mask, height, width) {
  const edges = [];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const here = mask[row * width + column];
      if (column + 1 < width && here !== mask[row * width + column + 1]) edges.push([column + 1, row, column + 1, row + 1]);
      if (row + 1 < height && here !== mask[(row + 1) * width + column]) edges.push([column, row + 1, column + 1, row + 1]);
    }
  }
  return edges;
}
