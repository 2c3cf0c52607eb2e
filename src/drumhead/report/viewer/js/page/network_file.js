// The data of the page: the network with its samples, and the settings of the view.

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
    image: new Float32Array(decodeBytes(image).buffer),
    mask: mask === null ? null : decodeBytes(mask),
  }));
}

/**
 * The bytes that a text in base64 stands for.
 * @param {string} text
 * @returns {Uint8Array}
 */
export function decodeBytes(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
