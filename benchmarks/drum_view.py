"""How fast the Drum view of the page is in headless Chromium: frames a second, a sound, and the frequencies.

    python benchmarks/drum_view.py                          # two minutes
    python benchmarks/drum_view.py --shapes square disc --seconds 20 --markdown

For each drum the page moves the membrane on its grid of 128 x 128 and draws it while its worker computes the sound of a
strike, then with the worker idle.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from queue import Empty
from tempfile import TemporaryDirectory
from typing import Any

from command_line import print_tables, progress_console, run_benchmark, usage_error
from drumhead.report.tables.text_table import TextTable
from drumhead.report.viewer.page import render_viewer
from viewer import FLAGS, PROGRAMS, browser_version, serve

SHAPES = ("square", "disc", "l-shape", "isospectral-1")
HEAD = ("drum", "grid points", "frames/s", "with sound", "sound [s]", "frequencies [s]")

SCRIPT = """
const { shapes, seconds, steps } = $DATA;
const part = (name) => document.querySelector(`[data-part="${name}"]`);
const until = async (isTrue) => {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20));
};
const framesIn = async (seconds) => {
  const begin = performance.now();
  let frames = 0;
  for (let time = begin; time - begin < 1000 * seconds; frames++) time = await new Promise(requestAnimationFrame);
  return (1000 * frames) / (performance.now() - begin);
};
const measureDrum = async (shape) => {
  document.querySelector(`input[value="${shape}"]`).click();
  await until(() => !part("table").hidden);
  const [, points, modes] = part("method").textContent.match(/\\(([\\d,]+) points\\).* in ([\\d.]+) s\\./);
  part("strike").click();
  const busy = await framesIn(seconds);
  await until(() => part("sound-note").textContent.includes("computed in"));
  const [, sound] = part("sound-note").textContent.match(/computed in ([\\d.]+) s/);
  return { shape, points, modes, sound, busy, idle: await framesIn(seconds) };
};
const measureAll = async () => {
  part("sounding").checked = false;
  part("speed").value = steps;
  const measured = [];
  for (const shape of shapes) measured.push(await measureDrum(shape));
  return measured;
};
measureAll()
  .catch((error) => ({ error: error.message }))
  .then((message) => fetch("/", { method: "POST", body: JSON.stringify(message) }));
"""


def main(
    shapes: tuple[str, ...] = SHAPES,
    seconds: float = 5,
    steps: int = 240,
    patience: float = 600,
    quick: bool = False,
    markdown: bool = False,
) -> None:
    """Measure the frames a second of the Drum view, and how long its sounds and frequencies take.

    Args:
        shapes: names of drums in the page.
        seconds: how long frames are counted, twice for each drum.
        steps: time steps in a second of the picture: 60, 120, 240, 480 or 960.
        patience: give up after this time, in seconds.
        quick: one drum for a short time, to check that the benchmark runs.
        markdown: print the table as Markdown.
    """
    if steps not in (60, 120, 240, 480, 960) or seconds <= 0:
        usage_error(f"--steps must be 60, 120, 240, 480 or 960 and --seconds above 0; got {steps} and {seconds:g}")
    if unknown := set(shapes) - {"square", "disc", "triangle", "l-shape", "isospectral-1", "isospectral-2"}:
        usage_error(f"the page has no drum called {min(unknown)}")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        usage_error(f"this benchmark needs one of {', '.join(PROGRAMS)} on PATH")
    if quick:
        shapes, seconds = ("isospectral-1",), 0.5
    with progress_console().status("the page is measured"):
        measured = measure(page(shapes, seconds=seconds, steps=steps), program=program, patience=patience)
    rows = [
        [one["shape"], one["points"], f"{one['idle']:.0f}", f"{one['busy']:.0f}", one["sound"], one["modes"]]
        for one in measured
    ]
    notes = [
        f"{browser_version(program)} without a GPU, {steps} time steps in a second of the picture.",
        "frames/s: at most 60; with sound: while a worker computes the sound of a strike; sound: the time for 2 s of "
        "sound, of 32,000 time steps; frequencies: the time for the lowest 100.",
    ]
    print_tables([TextTable([*HEAD], rows, notes)], markdown=markdown)


def page(shapes: tuple[str, ...], *, seconds: float, steps: int) -> str:
    """Return the page with a script that measures it, for which the policy against other scripts is removed."""
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", render_viewer(None))
    data = json.dumps({"shapes": shapes, "seconds": seconds, "steps": str(steps)})
    return html.replace("</body>", f"<script>{SCRIPT.replace('$DATA', data)}</script></body>")


def measure(content: str, *, program: str, patience: float) -> list[dict[str, Any]]:
    """Open a page in Chromium and return what it measures."""
    with serve(content) as (url, posted), TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = [*FLAGS, "--window-size=1600,1000", f"--user-data-dir={profile}"]
        browser = subprocess.Popen([program, *flags, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            measured = posted.get(timeout=patience)
        except Empty:
            usage_error(f"the page has no answer after {patience:g} s; use more --patience or fewer --shapes")
        finally:
            browser.terminate()
            browser.wait(timeout=30)
    if isinstance(measured, dict):
        raise RuntimeError(f"the page cannot be measured: {measured['error']}")
    return list(measured)


if __name__ == "__main__":
    run_benchmark(main)
