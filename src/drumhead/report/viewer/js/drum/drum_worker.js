// The worker of the drum view: it computes sounds, and eigenvalues. A newer message ends the work before.
//
// page -> worker: {type: "sound", id, hearing} | {type: "modes", id, drum, rim, count}
// worker -> page: {type: "samples", id, samples} as they are computed, {type: "early spectrum", id, step, amplitudes},
//   {type: "spectrum", id, step, amplitudes, seconds} | {type: "progress", id, share},
//   {type: "modes", id, eigenvalues, counted, seconds} | {type: "error", id, message}

import { lowestEigenvalues } from "./eigenvalues.js";
import { HeardSound } from "./heard.js";

/** The lengths of the first piece of a sound and of the others, in seconds. */
const PIECES = [0.12, 0.2];
/** After this many further pieces there is a first spectrum. */
const FIRST_SPECTRUM = 3;

/**
 * Answer the messages of a page.
 * @param {{onmessage: function|null, postMessage: function}} scope the worker's global scope
 */
export function serveDrum(scope) {
  let current = null;
  const pause = () => new Promise((resolve) => setTimeout(resolve, 0));

  async function makeSound(id, hearing) {
    const begin = performance.now();
    const sound = new HeardSound(hearing);
    for (let piece = 0; !sound.isDone; piece++) {
      const samples = sound.next(PIECES[Math.min(piece, 1)]);
      scope.postMessage({ type: "samples", id, samples }, [samples.buffer]);
      if (piece === FIRST_SPECTRUM) scope.postMessage({ type: "early spectrum", id, ...sound.spectrum() });
      await pause();
      if (current !== id) return;
    }
    const seconds = (performance.now() - begin) / 1000;
    scope.postMessage({ type: "spectrum", id, ...sound.spectrum(), seconds });
  }

  function findModes(id, { drum, rim, count }) {
    const begin = performance.now();
    const onProgress = (share) => scope.postMessage({ type: "progress", id, share });
    const { eigenvalues, counted } = lowestEigenvalues(drum, { rim, count, onProgress });
    scope.postMessage({ type: "modes", id, eigenvalues, counted, seconds: (performance.now() - begin) / 1000 });
  }

  scope.onmessage = async ({ data }) => {
    current = data.id ?? null;
    try {
      if (data.type === "sound") await makeSound(data.id, data.hearing);
      if (data.type === "modes") findModes(data.id, data);
    } catch (error) {
      scope.postMessage({ type: "error", id: data.id, message: error.message });
    }
  };
}
