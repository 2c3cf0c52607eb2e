// The time of the movie: which frame is shown, and whether it goes on.

export class Player {
  /**
   * @param {(frame: number) => void} onFrame called when another frame is to be shown
   * @param {(playing: boolean) => void} onState called when the movie starts or stops
   */
  constructor(onFrame, onState) {
    this.frame = 0;
    /** The last frame that there is so far. */
    this.last = 0;
    /** The last frame that there will be. */
    this.end = 0;
    /** Steps per second. */
    this.speed = 20;
    this.playing = false;
    this.onFrame = onFrame;
    this.onState = onState;
    this.shownAt = 0;
  }

  /** Go to the first frame of a new movie, in which frames up to `end` will arrive. */
  reset(end) {
    this.last = 0;
    this.end = end;
    this.show(0);
  }

  /** Say that frames up to this one have arrived. */
  extend(last) {
    this.last = last;
  }

  /** Play from the current frame; from the first if the movie is over. */
  play() {
    if (this.playing) return;
    if (this.frame >= this.end) this.show(0);
    this.playing = true;
    this.onState(true);
    this.shownAt = performance.now();
    const tick = (now) => {
      if (!this.playing) return;
      this.advance(now);
      if (this.playing) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  advance(now) {
    const steps = Math.floor(((now - this.shownAt) / 1000) * this.speed);
    if (steps < 1) return;
    const next = Math.min(this.frame + steps, this.last);
    this.shownAt = next === this.last ? now : this.shownAt + (1000 * steps) / this.speed;
    if (next !== this.frame) this.show(next);
    if (next >= this.end) this.pause();
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.onState(false);
  }

  /** Show a frame, or the nearest one that there is. */
  show(frame) {
    this.frame = Math.max(0, Math.min(frame, this.last));
    this.onFrame(this.frame);
  }
}
