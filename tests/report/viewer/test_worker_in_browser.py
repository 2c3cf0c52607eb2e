"""The worker in headless Chromium: it computes what the package computes, and requests nothing."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tests.report.page.browser import Browser
from tests.report.viewer.network_runs import Case, decode, encode, largest_difference, run_in_package, toy_case

from drumhead.report.viewer.bundle import bundle
from drumhead.report.viewer.network_data import network_data

PAGE = """<!DOCTYPE html>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; worker-src blob:">
<script type="application/json" id="data">$DATA</script>
<script>
const { script, network, image, height, width } = JSON.parse(document.getElementById("data").textContent);
const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const text = (values) => btoa(Array.from(new Uint8Array(values.buffer), (byte) => String.fromCharCode(byte)).join(""));
const worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
let answer = null;
let frames = 0;
worker.onmessage = ({ data }) => {
  if (data.type === "frames") frames += data.count;
  if (data.type === "error") answer = { error: data.message };
  if (data.type === "result") answer = { frames, logits: text(data.logits) };
};
worker.postMessage({ type: "load", network });
worker.postMessage({ type: "run", id: 1, image: new Float32Array(bytes(image).buffer), height, width });
</script>
"""

CASES = {
    "nwm": partial(toy_case, "nwm", (20, 33), readout="fft", steps=30, initial_stiffness=0.5),
    "lstm": partial(toy_case, "conv_lstm", (18, 70), readout="linear", steps=12),
}


def write_page(case: Case, path: Path) -> None:
    _, height, width = case.image.shape
    data = {
        "script": bundle("network/worker.js"),
        "network": network_data(case.model, class_names=["a", "b", "c", "d"], dtype="float32"),
        "image": encode(case.image.numpy()),
        "height": height,
        "width": width,
    }
    path.write_text(PAGE.replace("$DATA", json.dumps(data).replace("<", "\\u003c")), encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_logits_in_the_browser_agree(name: str, chromium: Browser, tmp_path: Path) -> None:
    case = CASES[name]()
    write_page(case, tmp_path / "page.html")
    chromium.open(tmp_path / "page.html", width=400, height=300)
    deadline = time.monotonic() + 60
    while (answer := chromium.evaluate("answer")) is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "error" not in answer
    assert answer["frames"] == case.model.config.steps + 1
    theirs = run_in_package(case)
    logits = decode(answer["logits"], *theirs.logits.shape)
    assert largest_difference(logits, theirs.logits) < 1e-4
    assert np.mean(logits.argmax(axis=0) == theirs.classes) >= 0.999
    assert [url for url in chromium.requested if not url.startswith("blob:")] == []
    assert chromium.errors == []
    assert chromium.proxy.requests == []
