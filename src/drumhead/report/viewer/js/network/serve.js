// Runs a network for a page: the messages between the page and its worker.
//
// page -> worker   {type: "load", network: {config, classes, weights}}
//                  {type: "run", id, image: Float32Array (channel, height, width), height, width}
//                  {type: "stop", id}
// worker -> page   {type: "ready"}
//                  {type: "maps", id, stiffness, damping}: Float32Array (channel, height, width), or null
//                  {type: "frames", id, first, count, states: Float32Array (count, channel, height, width)}
//                  {type: "result", id, logits: Float32Array (class, height, width), seconds}
//                  {type: "stopped", id}
//                  {type: "error", id or null, message}
//
// A newer run or network stops the run before it. Each run ends in exactly one of result, stopped and error. A "stop" of
// another run than the one in progress has no answer: that run has already ended.

import { Segmenter } from "./segmenter.js";

/** The worker computes this long before it looks for messages, in milliseconds. */
const SLICE = 12;

/**
 * Answer messages.
 *
 * @param {{postMessage: function(object, Transferable[]=): void, onmessage: ?function(MessageEvent): void}} scope
 *   the worker's global scope
 */
export function serve(scope) {
  const server = new Server(scope);
  scope.onmessage = (event) => server.answer(event.data);
}

class Server {
  constructor(scope) {
    this.scope = scope;
    this.segmenter = null;
    this.run = null;
    // A message to itself is handled after those of the page that are already there; setTimeout would wait longer.
    const { port1, port2 } = new MessageChannel();
    this.port = port2;
    this.waiting = false;
    port1.onmessage = () => {
      this.waiting = false;
      this.compute();
    };
  }

  resumeLater() {
    if (!this.waiting) this.port.postMessage(null);
    this.waiting = true;
  }

  answer(message) {
    try {
      if (message.type === "load") this.load(message.network);
      else if (message.type === "run") this.start(message);
      else if (message.type === "stop") this.stop(message.id);
      else throw new Error(`A message must be load, run or stop; got ${message.type}.`);
    } catch (error) {
      this.scope.postMessage({ type: "error", id: message.id ?? null, message: error.message });
    }
  }

  load(network) {
    this.stop();
    this.segmenter = null;
    this.segmenter = new Segmenter(network);
    this.scope.postMessage({ type: "ready" });
  }

  start({ id, image, height, width }) {
    this.stop();
    if (this.segmenter === null) throw new Error("No network is loaded.");
    this.run = new RunInProgress(this.scope, this.segmenter, { id, image, height, width });
    this.resumeLater();
  }

  /** Stop the run in progress, if it has this id; without an id, any run. */
  stop(id) {
    if (this.run === null || (id !== undefined && id !== this.run.id)) return;
    this.scope.postMessage({ type: "stopped", id: this.run.id });
    this.run = null;
  }

  compute() {
    if (this.run === null) return;
    try {
      if (this.run.compute()) this.run = null;
      else this.resumeLater();
    } catch (error) {
      this.scope.postMessage({ type: "error", id: this.run.id, message: error.message });
      this.run = null;
    }
  }
}

class RunInProgress {
  constructor(scope, segmenter, { id, image, height, width }) {
    this.scope = scope;
    this.id = id;
    this.frameLength = segmenter.config.hidden_channels * height * width;
    this.parts = segmenter.run(image, height, width);
    this.started = performance.now();
    this.states = null;
    this.posted = 0;
    this.computed = 0;
  }

  /** Compute for the time of a slice, and post what is there. @returns {boolean} whether the run has ended */
  compute() {
    const end = performance.now() + SLICE;
    while (performance.now() < end) {
      const { value: part, done } = this.parts.next();
      if (done) return true;
      if (part !== null) this.take(part);
    }
    this.postFrames();
    return false;
  }

  take(part) {
    if (part.type === "frame") {
      this.states = part.states;
      this.computed = part.number + 1;
    } else if (part.type === "maps") {
      this.scope.postMessage({ ...part, id: this.id });
    } else {
      this.postFrames();
      const seconds = (performance.now() - this.started) / 1000;
      const { logits } = part;
      this.scope.postMessage({ type: "result", id: this.id, logits, seconds }, [logits.buffer]);
    }
  }

  postFrames() {
    const count = this.computed - this.posted;
    if (count === 0) return;
    const states = this.states.slice(this.posted * this.frameLength, this.computed * this.frameLength);
    this.scope.postMessage({ type: "frames", id: this.id, first: this.posted, count, states }, [states.buffer]);
    this.posted = this.computed;
  }
}
