"""The page of a run: one file that loads nothing, in which text from files is text; what cannot be shown is refused."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from tests.report.page.browser import Browser
from tests.report.page.test_page import Reader

from drumhead.data import Dataset
from drumhead.report.samples import load_recurrent_model
from drumhead.report.viewer import network_page as module
from drumhead.report.viewer.network_page import check_viewable, network_page, view_settings
from drumhead.report.viewer.page import NetworkPage, inline_script, render_viewer, write_viewer
from drumhead.runs import Run

HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>\u2028 & \"{{ 1 }}\""


def made(run: Run, boards: Dataset) -> NetworkPage:
    return network_page(run, load_recurrent_model(run), boards, samples=[1, 0], command="drumhead view nwm")


def test_nothing_is_loaded_from_elsewhere(runs: dict[str, Run], boards: Dataset) -> None:
    html = render_viewer(made(runs["NWM"], boards))
    page = Reader(html)
    for tag, attributes in page.tags:
        assert not {"src", "srcset", "poster", "action", "background", "onclick"} & set(attributes), tag
        assert "href" not in attributes or (tag, attributes["href"]) == ("link", "data:,")
    (policy,) = [meta["content"] or "" for meta in page.all("meta") if meta.get("http-equiv")]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy  # no other script runs
    assert "fetch(" not in html
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")


def test_the_data_of_the_page_are_those_of_the_run(runs: dict[str, Run], boards: Dataset) -> None:
    run = runs["NWM"]
    html = render_viewer(made(run, boards))
    stored = dict(re.findall(r'<script type="application/json" id="(\w+)">(.*?)</script>', html, re.DOTALL))
    network, settings = json.loads(stored["network"]), json.loads(stored["settings"])
    assert network["config"] == run.config.experiment.model.model_dump(mode="json")
    assert [sample["index"] for sample in network["samples"]] == [1, 0]
    assert settings == view_settings(boards, "test")
    assert settings["drawing"] == {"channels": 3, "height": 24, "width": 24, "cell": 5}
    assert json.loads(stored["worker"]).startswith("(() => {")
    page = Reader(html)
    assert "Tetrominoes, data" in page.text
    assert f"{network['parameters']:,} parameters" in page.text


def test_text_from_files_is_text(runs: dict[str, Run], boards: Dataset, tmp_path: Path, chromium: Browser) -> None:
    page = made(runs["NWM"], boards)
    names = [HOSTILE, *page.network["classes"][1:]]
    hostile = page._replace(
        heading=HOSTILE, facts=[HOSTILE], command=HOSTILE, network={**page.network, "classes": names}
    )
    write_viewer(tmp_path / "page.html", hostile)
    assert len(re.findall("<script", (tmp_path / "page.html").read_text())) == 5  # four of data, and the page's own
    chromium.open(tmp_path / "page.html", width=800, height=800)
    chromium.wait_for("document.querySelector('[data-part=status]').textContent.startsWith('Computed')")
    assert chromium.evaluate("document.querySelector('h1').textContent") == HOSTILE
    legend = chromium.evaluate("document.querySelector('[data-part=legend] li').textContent")
    assert legend == HOSTILE
    assert chromium.evaluate("typeof window.hacked") == "undefined"
    assert chromium.evaluate("document.images.length") == 0
    assert (chromium.errors, chromium.requested, chromium.proxy.requests) == ([], [], [])


def test_a_script_cannot_end_its_element() -> None:
    assert inline_script("a < b") == "a < b"
    with pytest.raises(ValueError, match="must not contain the tags"):
        inline_script('"</SCRIPT>"')


def test_what_a_page_cannot_show_is_refused(
    runs: dict[str, Run], boards: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="samples must be from 0 to 3"):
        network_page(runs["NWM"], load_recurrent_model(runs["NWM"]), boards, samples=[4])
    monkeypatch.setattr(module, "MAX_SAMPLE_BYTES", 10_000)
    with pytest.raises(ValueError, match="these 2 have 0 MB"):
        made(runs["NWM"], boards)
    monkeypatch.setattr(module, "MAX_STATE_BYTES", 10_000)
    with pytest.raises(ValueError, match="have 0 MB: 6 steps of 2 channels at 24 x 24 pixels"):
        check_viewable(load_recurrent_model(runs["NWM"]), runs["NWM"])
