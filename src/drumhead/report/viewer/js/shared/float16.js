// Numbers from base64 text: how weights and images are stored in the page. Byte order: little-endian, as in every browser.

/**
 * @param {string} text base64
 * @returns {Uint8Array} a new array
 */
export function decodeBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let n = 0; n < bytes.length; n++) bytes[n] = binary.charCodeAt(n);
  return bytes;
}

/**
 * @param {number} bits the 16 bits of a half-precision number (IEEE 754 binary16)
 * @returns {number}
 */
export function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * @param {string} text base64
 * @param {"float16" | "float32"} dtype how the numbers are stored
 * @returns {Float32Array}
 * @throws {Error} if the type is another one, or the text does not hold whole numbers
 */
export function decodeFloats(text, dtype) {
  if (dtype !== "float16" && dtype !== "float32") {
    throw new Error(`numbers must be stored as float16 or float32; got ${dtype}`);
  }
  const bytes = decodeBase64(text);
  const size = dtype === "float16" ? 2 : 4;
  if (bytes.length % size !== 0) throw new Error(`${dtype} numbers have ${size} bytes each; got ${bytes.length} bytes`);
  if (dtype === "float32") return new Float32Array(bytes.buffer);
  return Float32Array.from(new Uint16Array(bytes.buffer), halfToNumber);
}
