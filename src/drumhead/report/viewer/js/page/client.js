// The network in its worker: one image at a time, a newer one ends the one before.

/**
 * What is told about a computation.
 * @typedef {{
 *   maps: (message: {stiffness: Float32Array | null, damping: Float32Array | null}) => void,
 *   frames: (message: {first: number, count: number, states: Float32Array}) => void,
 *   result: (message: {logits: Float32Array, seconds: number}) => void,
 *   stopped: () => void,
 *   error: (message: string) => void,
 * }} Listener
 */

export class NetworkClient {
  /**
   * Start the worker and load the network into it.
   * @param {string} script the text of the worker
   * @param {object} network config, classes and weights
   * @param {(message: string) => void} onFailure called if the worker or the network cannot be used
   */
  constructor(script, network, onFailure) {
    this.id = 0;
    /** @type {Listener | null} */
    this.listener = null;
    this.onFailure = onFailure;
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    this.worker = new Worker(url);
    this.worker.onmessage = (event) => this.receive(event.data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      onFailure(event.message || "the worker could not be started");
    };
    this.worker.postMessage({ type: "load", network });
  }

  /**
   * Compute an image, instead of the one that is being computed.
   * @param {Float32Array} image channels * height * width; it is copied
   * @param {number} height
   * @param {number} width
   * @param {Listener} listener
   */
  run(image, height, width, listener) {
    this.stop();
    this.id += 1;
    this.listener = listener;
    const copy = image.slice();
    this.worker.postMessage({ type: "run", id: this.id, image: copy, height, width }, [copy.buffer]);
  }

  /** Whether an image is being computed. */
  get busy() {
    return this.listener !== null;
  }

  /** End the computation, if there is one; its frames so far are kept. */
  stop() {
    if (!this.busy) return;
    this.worker.postMessage({ type: "stop", id: this.id });
    const { stopped } = this.listener;
    this.listener = null;
    stopped();
  }

  receive(message) {
    if (message.type === "ready") return;
    if (message.type === "error" && (message.id === null || message.id === undefined)) {
      this.listener = null;
      this.onFailure(message.message);
      return;
    }
    if (this.listener === null || message.id !== this.id) return; // of an image before
    const { listener } = this;
    if (message.type === "maps") listener.maps(message);
    else if (message.type === "frames") listener.frames(message);
    else {
      this.listener = null;
      if (message.type === "result") listener.result(message);
      else if (message.type === "stopped") listener.stopped();
      else listener.error(message.message);
    }
  }
}
