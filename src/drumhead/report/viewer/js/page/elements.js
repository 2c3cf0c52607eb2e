// Elements of the page: finding and making them. Text is always set as text, never as HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * The elements below a root that have the attribute data-part, by its value.
 * @param {Element} root
 * @returns {Record<string, HTMLElement>}
 */
export function partsOf(root) {
  const parts = {};
  for (const found of root.querySelectorAll("[data-part]")) parts[found.dataset.part] = found;
  return parts;
}

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, string | number | boolean | EventListener>} [attributes] "on..." adds a listener; false leaves
 *   an attribute out, true gives it no value
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Make an element of SVG, with the arguments of `element`. */
export function svgElement(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/**
 * Make a group of radio buttons that looks like one control.
 * @param {string} name unique in the page
 * @param {{value: string, label: string | Node, title?: string}[]} options
 * @param {string} chosen the value that is chosen first
 * @param {(value: string) => void} onChange
 * @returns {HTMLElement[]} the options, for an element with the class "segments"
 */
export function radioOptions(name, options, chosen, onChange) {
  return options.map(({ value, label, title }) => {
    const input = element("input", { type: "radio", name, value, onchange: () => onChange(value) });
    input.checked = value === chosen;
    return element("label", title === undefined ? {} : { title }, input, element("span", {}, label));
  });
}

/**
 * A number in short, with a true minus sign.
 * @param {number} value
 * @param {number} [digits] significant digits
 * @returns {string}
 */
export function shortNumber(value, digits = 2) {
  if (!Number.isFinite(value)) return "not a number";
  const rounded = Number(value.toPrecision(digits));
  const magnitude = Math.abs(rounded);
  const text = magnitude !== 0 && (magnitude >= 1e5 || magnitude < 1e-4) ? rounded.toExponential() : String(rounded);
  return text.replace("-", "\u2212");
}

/** A share as a percentage: 0.987 is "98.7 %". */
export function percent(share) {
  return `${(100 * share).toFixed(share > 0.0005 && share < 0.9995 ? 1 : 0)} %`;
}
