// The page's side of the drum view's worker.

/** A worker whose newest request alone is answered. */
export class DrumClient {
  /**
   * @param {string} script the text of the worker
   * @throws {Error} if this browser has no workers, or none from such a text
   */
  constructor(script) {
    if (typeof Worker === "undefined") {
      throw new Error("This browser has no workers, so sounds and frequencies are not computed; the rest works.");
    }
    this.script = script;
    this.worker = null;
    this.id = 0;
    this.busy = false;
  }

  /**
   * Send a request, instead of the one before.
   * @param {object} message without its id
   * @param {function(object): void} onAnswer gets each answer, up to the last one, which `isLast` tells
   * @param {function(object): boolean} isLast
   */
  request(message, onAnswer, isLast) {
    if (this.worker === null) {
      const url = URL.createObjectURL(new Blob([this.script], { type: "text/javascript" }));
      this.worker = new Worker(url);
      URL.revokeObjectURL(url);
    }
    const id = ++this.id;
    this.busy = true;
    this.worker.onmessage = ({ data }) => {
      if (data.id !== id) return;
      if (data.type === "error" || isLast(data)) this.busy = false;
      onAnswer(data);
    };
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.cancel();
      onAnswer({ type: "error", id, message: `The worker has failed: ${event.message || "it could not be started"}.` });
    };
    this.worker.postMessage({ ...message, id });
  }

  /** End the request, if one is being answered. The worker ends with it: it may be in the middle of a computation. */
  cancel() {
    if (this.busy) this.worker.terminate();
    if (this.busy) this.worker = null;
    this.busy = false;
  }
}
