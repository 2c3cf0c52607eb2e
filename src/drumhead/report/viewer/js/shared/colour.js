// The colours of waves: blue is negative, orange is positive, zero is as dark as the background of a mask.

const WAVE_COLOURS = [
  [217, 244, 255],
  [77, 178, 236],
  [18, 87, 143],
  [22, 22, 29],
  [148, 66, 11],
  [240, 145, 58],
  [255, 240, 207],
];
const NO_NUMBER = [92, 92, 92];
const COLOUR_LEVELS = 512;

/**
 * The colour of a value from -1 to 1 (values beyond have the colour of the limit), as in Drumhead's figures.
 * @param {number} x
 * @returns {[number, number, number]} red, green, blue, integers from 0 to 255; grey if x is not a number
 */
export function divergingColour(x) {
  if (Number.isNaN(x)) return [...NO_NUMBER];
  const position = ((Math.min(1, Math.max(-1, x)) + 1) / 2) * (WAVE_COLOURS.length - 1);
  const below = Math.min(Math.floor(position), WAVE_COLOURS.length - 2);
  const share = position - below;
  return WAVE_COLOURS[below].map((level, part) =>
    Math.round(level + share * (WAVE_COLOURS[below + 1][part] - level)),
  );
}

/**
 * The colours of a field, as the pixels of a picture.
 * @param {ArrayLike<number>} values height * width numbers, row by row
 * @param {number} scale the magnitude that has the brightest colours, above 0
 * @param {Uint8ClampedArray} [pixels] where the colours are written, 4 numbers a value
 * @returns {Uint8ClampedArray} red, green, blue, alpha of each value
 */
export function fieldPixels(values, scale, pixels = new Uint8ClampedArray(4 * values.length)) {
  const table = new Uint8ClampedArray(3 * (COLOUR_LEVELS + 1));
  for (let level = 0; level <= COLOUR_LEVELS; level++) {
    table.set(divergingColour((2 * level) / COLOUR_LEVELS - 1), 3 * level);
  }
  const half = COLOUR_LEVELS / 2;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] / scale;
    const level = 3 * Math.round(half + half * Math.min(1, Math.max(-1, value)));
    const known = !Number.isNaN(level);
    for (let part = 0; part < 3; part++) pixels[4 * at + part] = known ? table[level + part] : NO_NUMBER[part];
    pixels[4 * at + 3] = 255;
  }
  return pixels;
}

/**
 * Draw a field on a canvas with one canvas pixel for each value; CSS can enlarge it.
 * @param {HTMLCanvasElement} canvas it gets the size of the field
 * @param {ArrayLike<number>} values height * width numbers, row by row
 * @param {number} height
 * @param {number} width
 * @param {number} scale the magnitude that has the brightest colours, above 0
 */
export function drawField(canvas, values, height, width, scale) {
  drawPixels(canvas, fieldPixels(values, scale), height, width);
}

/**
 * Draw the pixels of a picture on a canvas of its size.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8ClampedArray} pixels red, green, blue, alpha of each pixel, row by row
 * @param {number} height
 * @param {number} width
 */
export function drawPixels(canvas, pixels, height, width) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
}
