"""How long the viewer's page takes for an answer: a network of the zoo in a worker of headless Chromium.

    python benchmarks/viewer.py                          # a minute
    python benchmarks/viewer.py --runs 20 --side 96 --markdown
    python benchmarks/viewer.py --networks runs/mine --dtype float32

The answer is all of it: encoders, states of all steps, readout and pixel network, for an image of tetrominoes. The page
also measures when it has the first frames, and how long after "stop" the worker has stopped. Its logits are compared
with the package's.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor

from command_line import print_tables, progress_console, run_benchmark, usage_error
from drumhead.data import TetrominoConfig, make_tetrominoes, to_tensors
from drumhead.report.tables.text_table import TextTable
from drumhead.report.viewer.bundle import bundle
from drumhead.report.viewer.network_data import WeightType, network_data, sample_data
from drumhead.runs import Run
from drumhead.zoo import find_run

NETWORKS = ("tetrominoes-nwm-linear", "tetrominoes-lstm-linear")
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TIMES = ("answer [s]", "fastest [s]", "processor [s]", "first frames [ms]", "stopped after [ms]", "largest [ms]")
DIFFERENCES = ("largest difference of logits", "largest logit", "ratio", "equal classes [%]")

PAGE = """<!DOCTYPE html><meta charset="utf-8"><title>benchmark</title><script>
const { script, network, sample, runs } = $DATA;
const worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
const image = () => new Float32Array(Uint8Array.from(atob(sample.image), (c) => c.charCodeAt(0)).buffer);
const send = (message) => fetch("/", { method: "POST", body: JSON.stringify(message) });
const messages = [];
let arrived = () => {};
worker.onmessage = (event) => {
  messages.push(event.data);
  arrived();
};
const received = async (id, ...types) => {
  for (;;) {
    if (messages.length === 0) await new Promise((resolve) => (arrived = resolve));
    const message = messages.shift();
    if (message.type === "error") throw new Error(message.message);
    if (message.id === id && types.includes(message.type)) return message;
  }
};
const run = (id) => worker.postMessage({ type: "run", id, image: image(), height: sample.height, width: sample.width });
const answer = async (id) => {
  const started = performance.now();
  run(id);
  await received(id, "frames");
  const frames = performance.now() - started;
  const { logits } = await received(id, "result");
  return { frames, seconds: (performance.now() - started) / 1000, logits };
};
const stopAfter = async (id, milliseconds) => {
  run(id);
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  const started = performance.now();
  worker.postMessage({ type: "stop", id });
  const { type } = await received(id, "stopped", "result");
  return type === "stopped" ? [performance.now() - started] : [];
};
const measure = async () => {
  worker.postMessage({ type: "load", network });
  await received(undefined, "ready");
  for (let n = 0; n < 2; n++) await answer(`compile ${n}`);
  const answers = [];
  const stops = [];
  await send("begin");
  for (let n = 0; n < runs; n++) answers.push(await answer(`answer ${n}`));
  await send("end");
  const longest = 1000 * Math.max(...answers.map(({ seconds }) => seconds));
  for (let n = 0; n < runs; n++) stops.push(...(await stopAfter(`stop ${n}`, (longest * n) / runs)));
  return {
    answers: answers.map(({ seconds }) => seconds),
    frames: answers.map(({ frames }) => frames),
    stops,
    logits: Array.from(answers[0].logits),
  };
};
measure().then(send, (error) => send({ error: error.message }));
</script>"""


@torch.inference_mode()
def main(
    networks: tuple[str, ...] = NETWORKS,
    dtype: WeightType = "float16",
    runs: int = 10,
    side: int = 64,
    seconds: float = 300,
    quick: bool = False,
    markdown: bool = False,
) -> None:
    """Measure the time of an answer in the page, and compare its logits with those of the package.

    Args:
        networks: names of trained networks, or folders of runs, recurrent and for images of three channels.
        dtype: how the page stores the weights of readout and pixel network.
        runs: the number of answers that are measured for each network, and of runs that are stopped.
        side: the height and width of the image, at least 9.
        seconds: give up a network after this time.
        quick: one small answer, to check that the benchmark runs.
        markdown: print the tables as Markdown.
    """
    if runs < 1 or side < 9:
        usage_error(f"--runs must be at least 1 and --side at least 9; got {runs} and {side}")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        usage_error(f"this benchmark needs one of {', '.join(PROGRAMS)} on PATH")
    if quick:
        runs, side = 1, 16
    image = board(side)
    times, differences = [], []
    with progress_console().status("") as status:
        for name in networks:
            status.update(name)
            run = Run.open(find_run(name))
            model = run.load_model()
            try:
                network = network_data(model, class_names=run.config.data.class_names, dtype=dtype, where=name)
            except ValueError as error:
                usage_error(str(error))
            if model.in_channels != image.shape[0]:
                usage_error(f"a network must be for images of 3 channels; {name} is for {model.in_channels}")
            content = page(network, image.numpy(), runs=runs)
            measured = measure(content, program=program, seconds=seconds)
            times.append([run.name, *time_cells(measured)])
            differences.append([run.name, *difference_cells(measured["logits"], model(image[None]).numpy())])
    notes = [
        f"{browser_version(program)}; an image of {side} x {side}, {runs} runs after two that are compiled.",
        "answer: from the run message to the logits, median and fastest, and the worker's own processor time, "
        "without what it waits for other programs; first frames: when the page has them;",
        "stopped after: from stop, at times spread over a run, to the worker's answer, median and largest.",
    ]
    tables = [
        TextTable(["network", *TIMES], times, notes),
        TextTable(
            ["network", *DIFFERENCES],
            differences,
            [f"The same image in the page, with {dtype} weights, and in the package."],
        ),
    ]
    print_tables(tables, markdown=markdown)


def board(side: int) -> Tensor:
    """Return an image of tetrominoes, ``(channel, height, width)``."""
    config = TetrominoConfig(canvas=side, cell=side // 9, train=1, val=1, test=1, seed=0)
    return to_tensors(make_tetrominoes(config)["test"], [0])[0][0]


def page(network: dict[str, Any], image: np.ndarray[Any, np.dtype[np.float32]], *, runs: int) -> str:
    """Return the page that measures a network."""
    data = {
        "script": bundle("network/worker.js"),
        "network": network,
        "sample": sample_data(0, image, None),
        "runs": runs,
    }
    return PAGE.replace("$DATA", json.dumps(data).replace("<", "\\u003c"))


def measure(content: str, *, program: str, seconds: float) -> dict[str, list[float]]:
    """Open a page in Chromium; return what it measures, and the worker's processor time of all answers."""
    with serve(content) as (url, posted), TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        processor = []
        try:
            while (message := posted.get(timeout=seconds)) in ("begin", "end"):
                processor.append(worker_seconds(browser.pid))
        except Empty:
            usage_error(f"the page has no answer after {seconds:g} s; use more --seconds or fewer --runs")
        finally:
            browser.terminate()
            browser.wait(timeout=30)
    if "error" in message:
        raise RuntimeError(f"the page cannot run the network: {message['error']}")
    begin, end = processor
    return {**message, "processor": [end - begin]}


def worker_seconds(process: int) -> float:
    """Return the processor time of the workers of a browser, which is not that of other programs; 0 except on Linux."""
    total = 0.0
    for task in Path(f"/proc/{process}/task").glob("*"):
        with suppress(OSError):  # it has ended
            if (task / "comm").read_text().startswith("DedicatedWorker"):
                user, system = (task / "stat").read_text().rsplit(")")[1].split()[11:13]
                total += (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
            total += sum(worker_seconds(int(child)) for child in (task / "children").read_text().split())
    return total


@contextmanager
def serve(content: str) -> Iterator[tuple[str, Queue[Any]]]:
    """Serve a page on this machine; yield its address, and a queue of what the page posts."""
    posted: Queue[Any] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(content.encode() if self.path == "/" else b"")

        def do_POST(self) -> None:
            posted.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", posted
        server.shutdown()


def time_cells(measured: dict[str, list[float]]) -> list[str]:
    """Return the cells of a network in the table of times."""
    answers, frames, stops = measured["answers"], measured["frames"], measured["stops"]
    return [
        f"{statistics.median(answers):.2f}",
        f"{min(answers):.2f}",
        f"{measured['processor'][0] / len(answers):.2f}",
        f"{statistics.median(frames):.0f}",
        f"{statistics.median(stops):.0f}" if stops else "-",
        f"{max(stops):.0f}" if stops else "-",
    ]


def difference_cells(logits: list[float], expected: np.ndarray[Any, np.dtype[np.float32]]) -> list[str]:
    """Return the cells of a network in the table of differences."""
    page_logits = np.array(logits, np.float32).reshape(expected.shape)
    difference, largest = np.abs(page_logits - expected).max(), np.abs(expected).max()
    equal = np.mean(page_logits.argmax(axis=1) == expected.argmax(axis=1))
    return [f"{difference:.1e}", f"{largest:.1f}", f"{difference / largest:.1e}", f"{100 * equal:.2f}"]


def browser_version(program: str) -> str:
    """Return the name and version of a browser."""
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.split()
    return " ".join(answer[:2])


if __name__ == "__main__":
    run_benchmark(main)
