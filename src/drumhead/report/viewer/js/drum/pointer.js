// Pointers and keys on the picture of a drum: striking, moving the pick-up, and drawing a rim.

/** How near to the pick-up a pointer takes hold of it, in CSS pixels. */
const GRAB_REACH = 20;
const CURSOR_STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/**
 * What the picture reports; places are (x, y) in columns and rows of the grid.
 * @typedef {object} StageActions
 * @property {function(): boolean} isDrawing
 * @property {function(): number[]|null} pickupPlace
 * @property {function(number[]): void} onStrike
 * @property {function(number[], boolean): void} onPickup the place, and whether it is let go there
 * @property {function(number[], boolean): void} onLine a further point of the line, and whether it is its first
 * @property {function(): void} onCloseLine
 * @property {function(): void} onUndo the last corner of the line is removed
 * @property {function(number[]|null): void} onCursor the place of the keyboard's cursor, null if it is not shown
 */

/**
 * Connect the picture of a drum.
 * @param {import("./stage.js").DrumStage} stage
 * @param {StageActions} actions
 */
export function connectStage(stage, actions) {
  const { canvas } = stage;
  let held = null; // "pickup" or "line" while the pointer is down
  let lastType = "mouse";

  const isOnPickup = (event) => {
    const place = actions.pickupPlace();
    if (place === null) return false;
    const [x, y] = stage.placeOf(event);
    const pixelsPerCell = canvas.getBoundingClientRect().width / 128;
    return Math.hypot(x - place[0], y - place[1]) * pixelsPerCell < GRAB_REACH;
  };
  canvas.addEventListener(
    "touchstart",
    (event) => {
      if (actions.isDrawing() || isOnPickup(event.changedTouches[0])) event.preventDefault(); // do not scroll
    },
    { passive: false },
  );
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    lastType = event.pointerType;
    actions.onCursor(null);
    if (actions.isDrawing()) {
      held = "line";
      actions.onLine(stage.placeOf(event), true);
    } else if (isOnPickup(event)) held = "pickup";
    else if (lastType === "mouse") actions.onStrike(stage.placeOf(event));
    if (held !== null) canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (held === "line") {
      const events = event.getCoalescedEvents?.() ?? [];
      for (const each of events.length > 0 ? events : [event]) actions.onLine(stage.placeOf(each), false);
    }
    if (held === "pickup") actions.onPickup(stage.placeOf(event), false);
  });
  canvas.addEventListener("pointerup", (event) => {
    const what = held;
    held = null;
    if (what === "line") actions.onCloseLine();
    if (what === "pickup") actions.onPickup(stage.placeOf(event), true);
  });
  canvas.addEventListener("pointercancel", () => (held = null));
  canvas.addEventListener("click", (event) => {
    // A touch strikes when it ends: it may have been the start of scrolling, and browsers allow sound only then.
    if (lastType !== "mouse" && !actions.isDrawing() && !isOnPickup(event)) actions.onStrike(stage.placeOf(event));
  });
  connectKeys(canvas, actions);
}

function connectKeys(canvas, actions) {
  let cursor = [63, 63];
  canvas.addEventListener("focus", () => {
    if (canvas.matches(":focus-visible")) actions.onCursor(cursor);
  });
  canvas.addEventListener("blur", () => actions.onCursor(null));
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const arrow = CURSOR_STEPS[event.key];
    const key = event.key.toLowerCase();
    if (arrow !== undefined) {
      const step = event.shiftKey ? 8 : 2;
      cursor = cursor.map((at, axis) => Math.max(1, Math.min(126, at + step * arrow[axis])));
      actions.onCursor(cursor);
    } else if (key === "enter" || key === " ") {
      if (actions.isDrawing()) actions.onLine(cursor, false);
      else actions.onStrike(cursor);
    } else if (key === "p" && !actions.isDrawing()) actions.onPickup(cursor, true);
    else if (key === "c" && actions.isDrawing()) actions.onCloseLine();
    else if (key === "backspace" && actions.isDrawing()) actions.onUndo();
    else return;
    event.preventDefault();
  });
}
