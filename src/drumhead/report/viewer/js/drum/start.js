// The start of the drum view, when its tab is opened for the first time.

import { DrumView } from "./drum_view.js";

let drumView = null;

/**
 * Start the drum view, or go on with it.
 * @param {HTMLElement} root an empty element
 * @param {string} workerScript the text of the worker
 */
export function startDrum(root, workerScript) {
  if (drumView === null) drumView = new DrumView(root, workerScript);
  else drumView.resume();
}

/** Stop moving and sounding, until the view is seen again. */
export function pauseDrum() {
  drumView?.pause();
}
