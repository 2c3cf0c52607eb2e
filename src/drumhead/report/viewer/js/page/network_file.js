// The data of the page: the network with its samples, and the settings of the view.

import { decodeBase64, decodeFloats } from "../shared/float16.js";

/**
 * A sample of the network's dataset.
 * @typedef {{index: number, height: number, width: number, image: Float32Array, mask: Uint8Array | null}} Sample
 */

/**
 * The JSON value in a script element of the page; null if there is no such element.
 * @param {string} id
 */
export function pageJson(id) {
  const found = document.getElementById(id);
  return found === null ? null : JSON.parse(found.textContent);
}

/**
 * The samples in the page, decoded.
 * @param {{index: number, height: number, width: number, image: string, mask: string | null}[]} stored
 * @returns {Sample[]}
 */
export function decodeSamples(stored) {
  return stored.map(({ index, height, width, image, mask }) => ({
    index,
    height,
    width,
    image: decodeFloats(image, "float32"),
    mask: mask === null ? null : decodeBase64(mask),
  }));
}
