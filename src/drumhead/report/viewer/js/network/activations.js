// The functions between layers, applied to the first `count` numbers of an array in place.

/** @param {number} x @returns {number} */
export function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}

/** @param {Float32Array} values @param {number} count @param {"relu" | "tanh" | "linear"} activation */
export function activate(values, count, activation) {
  if (activation === "relu") {
    for (let n = 0; n < count; n++) if (values[n] < 0) values[n] = 0;
  } else if (activation === "tanh") {
    for (let n = 0; n < count; n++) values[n] = Math.tanh(values[n]);
  }
}
