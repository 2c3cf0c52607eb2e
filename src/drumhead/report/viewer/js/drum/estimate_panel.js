// What the frequencies of a drum tell about its shape, beside what is true, and whether another drum sounds alike.

import { shortNumber } from "../page/elements.js";
import { FEWEST_EIGENVALUES, correctForGrid, estimateShape } from "./weyl.js";

/** Drums whose eigenvalues differ by less than this share sound alike. */
const ALIKE_SHARE = 1e-9;

/**
 * What is known of a drum.
 * @typedef {object} KnownDrum
 * @property {import("./shapes.js").Drum} drum
 * @property {string} label
 * @property {"fixed"|"free"} rim
 * @property {Float64Array} eigenvalues
 * @property {boolean} counted
 * @property {number} seconds
 */

/** Return a number with its standard error: the error in two digits, the number as far as these go. */
export function withError(value, error) {
  if (!(error > 0)) return shortNumber(value, 4);
  const decimals = Math.max(0, 1 - Math.floor(Math.log10(error)));
  return `${value.toFixed(decimals)} \u00b1 ${error.toFixed(decimals)}`.replace("-", "\u2212");
}

/** Show or hide the progress of the eigenvalues; null: nothing is computed. */
export function showModesProgress(parts, share) {
  parts["progress-row"].hidden = share === null;
  if (share !== null) parts.progress.value = share;
}

/** Forget the drum before. */
export function clearEstimate(parts) {
  parts.table.hidden = true;
  for (const name of ["lowest", "comparison", "method"]) parts[name].textContent = "";
}

/**
 * Show area and rim from the frequencies beside the true ones.
 * @param {Record<string, HTMLElement>} parts
 * @param {KnownDrum} known
 * @param {KnownDrum|null} before the drum before
 */
export function showEstimate(parts, known, before) {
  const { drum, rim, eigenvalues } = known;
  const frequencies = Array.from(eigenvalues.slice(0, 5), (value) => Math.sqrt(Math.max(0, value)) / (2 * Math.PI));
  const isEnough = eigenvalues.length >= FEWEST_EIGENVALUES;
  parts.table.hidden = !isEnough;
  if (isEnough) {
    const heard = estimateShape(correctForGrid(eigenvalues, drum.spacing), rim);
    parts["area-heard"].textContent = withError(heard.area, heard.areaError);
    parts["rim-heard"].textContent = withError(heard.perimeter, heard.perimeterError);
    parts["area-drawn"].textContent = shortNumber(drum.area, 4);
    parts["rim-drawn"].textContent = shortNumber(drum.perimeter, 4);
  }
  const listed = frequencies.map((value) => shortNumber(Math.abs(value) < 1e-5 ? 0 : value, 4)).join(", ");
  parts.lowest.textContent = `Lowest frequencies: ${listed} cycles per unit of time, in which a wave travels one unit of length.`;
  parts.comparison.textContent = comparisonText(known, before);
  parts.method.textContent = methodText(known, isEnough);
}

/** Return how the frequencies of a drum differ from those of the drum before; empty if there is nothing to compare. */
export function comparisonText({ label, rim, eigenvalues }, before) {
  if (before === null || before.rim !== rim || before.label === label) return "";
  const count = Math.min(eigenvalues.length, before.eigenvalues.length);
  const largest = eigenvalues[count - 1];
  let difference = 0;
  for (let i = 0; i < count; i++) {
    const scale = Math.max(eigenvalues[i], 1e-6 * largest);
    difference = Math.max(difference, Math.abs(eigenvalues[i] - before.eigenvalues[i]) / scale);
  }
  if (difference < ALIKE_SHARE) {
    return `${label} sounds like ${before.label}: of the lowest ${count} eigenvalues, none differs by more than a share of ${shortNumber(difference)}. The amplitudes at a pick-up differ.`;
  }
  return `Compared with ${before.label}: eigenvalues differ by up to ${shortNumber(100 * difference)} %.`;
}

function methodText({ drum, eigenvalues, counted, seconds }, isEnough) {
  const nodes = drum.inside.reduce((sum, isInside) => sum + isInside, 0);
  const source = isEnough
    ? `Heard: by Weyl\u2019s law from the lowest ${eigenvalues.length} frequencies, with standard errors.`
    : `Too few modes for Weyl\u2019s law: it needs ${FEWEST_EIGENVALUES}.`;
  const proof = counted ? " A count of the factors\u2019 negative pivots shows that none is missing." : "";
  return `${source} They are not read from the spectrum, in which a mode is missing where the strike or the pick-up is on one of its lines of rest: the page computes them as the eigenvalues of the Laplacian on the grid of the picture (${nodes.toLocaleString("en")} points), by the Lanczos process, in ${shortNumber(seconds)} s.${proof} ${isEnough ? "For Weyl\u2019s law they are corrected for the error of the grid on average." : ""}`.trim();
}
