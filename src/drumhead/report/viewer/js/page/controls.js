// The controls of the movie: play and pause, steps, the slider, the speed, and keys.

import { Player } from "./player.js";
import { shortNumber } from "./elements.js";

/**
 * Connect a player with its controls.
 * @param {Record<string, HTMLElement>} parts
 * @param {{dt: number, unit: string, units: string}} network
 * @param {(frame: number) => void} onFrame
 * @returns {Player}
 */
export function connectPlayer(parts, { dt, unit, units }, onFrame) {
  const showTime = (frame) => {
    parts.slider.max = player.end;
    parts.slider.value = frame;
    const time = `${shortNumber(frame * dt, 3)} ${frame * dt === 1 ? unit : units}`;
    const step = `step ${frame} of ${player.end}`;
    parts.time.textContent = unit === "step" ? step : `${time}, ${step}`;
    parts.slider.setAttribute("aria-valuetext", parts.time.textContent);
    onFrame(frame);
  };
  const showState = (playing) => {
    parts.play.textContent = playing ? "Pause" : "Play";
    parts.play.classList.toggle("playing", playing);
  };
  const player = new Player(showTime, showState);
  const step = (frames) => {
    player.pause();
    player.show(player.frame + frames);
  };
  parts.play.addEventListener("click", () => (player.playing ? player.pause() : player.play()));
  parts["step-back"].addEventListener("click", () => step(-1));
  parts["step-on"].addEventListener("click", () => step(1));
  parts.slider.addEventListener("input", () => {
    player.pause();
    player.show(Number(parts.slider.value));
  });
  parts.speed.addEventListener("change", () => {
    player.speed = Number(parts.speed.value);
  });
  player.speed = Number(parts.speed.value);
  parts.field.addEventListener("keydown", (event) => {
    if (event.key === " ") parts.play.click();
    else if (event.key === ",") step(-1);
    else if (event.key === ".") step(1);
    else return;
    event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) player.pause();
  });
  return player;
}
