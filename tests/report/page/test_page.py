"""Tests of the report: one file that loads nothing else, describes every image, and lists every run."""

from __future__ import annotations

import base64
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from tests.report.page.conftest import ToyReport
from tests.report.toy_runs import toy_dataset, toy_run

from drumhead.report.page.inline import InlineFigure, SkippedFigure
from drumhead.report.page.page import write_report
from drumhead.report.page.page_movies import section_movies
from drumhead.report.page.sections import open_runs, report_sections
from drumhead.runs import DataRecord

VOID = {"meta", "link", "img", "input", "br"}


class Reader(HTMLParser):
    """Collect every tag with its attributes, and the text; fail on tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def page(toy_report: ToyReport) -> Reader:
    return Reader(toy_report.path.read_text())


def test_nothing_is_loaded_from_elsewhere(page: Reader, toy_report: ToyReport) -> None:
    for tag, attributes in page.tags:
        for name in ("src", "srcset", "poster", "data", "action", "background"):
            assert (attributes.get(name) or "data:").startswith("data:"), (tag, name)
        if "href" in attributes:
            href = attributes["href"]
            assert href is not None
            known = href.startswith("#") or (tag == "a" and href == "https://arxiv.org/abs/2502.06034")
            assert known or (tag == "link" and href == "data:,"), (tag, href)
    assert not page.all("script")
    assert not page.all("iframe")
    style = toy_report.path.read_text().split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_every_image_is_valid_and_has_an_alternative_text(page: Reader) -> None:
    pictures = page.all("img")
    assert len(pictures) >= 10
    for picture in pictures:
        assert len(picture["alt"] or "") > 20
        source = picture["src"] or ""
        content = base64.b64decode(source.split(",")[1], validate=True)
        if "svg" in source[:30]:
            assert content.startswith(b"<?xml")
        else:
            with Image.open(BytesIO(content)) as opened:
                assert opened.width > 100
    assert all(len(movie["aria-label"] or "") > 20 for movie in page.all("video"))
    assert page.all("video")


def test_every_run_and_its_recipe_is_listed(page: Reader, toy_report: ToyReport) -> None:
    assert len(toy_report.runs) == 8
    summaries = page.text.split("Runs, and how to repeat them")[-1]
    for run in toy_report.runs:
        assert f"runs/{run.name}" in summaries
    assert str(toy_report.broken) in page.text
    for words in (
        "CNN 2, pixel widths 8, Tetrominoes, data",
        ": collapsed ; predicts background everywhere",
        ": diverged ; the loss of step 31 is nan & more",
        ": unfinished ; 0 of 300 epochs are done",
        ": unreadable ;",
        "drumhead train tetrominoes-nwm-linear --seed 1 --model.steps 6 --model.pixel-widths 8",
        "recipe smoke",
    ):
        assert words in page.text, words


def test_contents_link_to_headings(page: Reader) -> None:
    anchors = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(anchors)) == len(anchors)
    links = [(link["href"] or "")[1:] for link in page.all("a") if (link["href"] or "").startswith("#")]
    assert len(links) > 10
    assert set(links) <= set(anchors)


def test_headings_include_the_recipe(toy_report: ToyReport) -> None:
    html = toy_report.path.read_text()
    for section in html.split("<section")[1:-2]:  # the last two are theory and runs
        headings = [part.split("</h")[0] for part in section.replace("<h2", "<h3").split("<h3")[1:]]
        assert len(headings) >= 5
        recipe = "recipe smoke" if "recipe smoke" in headings[0] else "recipe paper"
        assert all(recipe in heading for heading in headings)


def test_missing_data_is_reported(page: Reader) -> None:
    assert page.text.count("Not shown:") >= 3
    assert "gone: the dataset of" in page.text


def test_page_supports_small_screens_and_dark_mode(page: Reader, toy_report: ToyReport) -> None:
    metas = page.all("meta")
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in metas
    assert "prefers-color-scheme: dark" in toy_report.path.read_text()
    assert page.all("html")[0]["lang"] == "en"


def test_the_same_runs_give_the_same_page(toy_report: ToyReport, tmp_path: Path) -> None:
    runs = [run for run in toy_report.runs if run.name in ("smoke",)]
    first, second = (write_report(tmp_path / name, report_sections(runs), movies=False).read_bytes() for name in "ab")
    assert first == second


def test_page_without_a_finished_run(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    empty = Reader(write_report(str(tmp_path / "out"), [], paths=[str(tmp_path / "runs")]).read_text())
    assert f"No run in {tmp_path.as_posix()}/runs has completed its training yet" in empty.text
    assert "There are no runs." in empty.text
    toy_run(tmp_path / "runs" / "begun", "tetrominoes-cnn-2", DataRecord.from_dataset(toy_dataset(tmp_path / "data")))
    sections = report_sections(open_runs([str(tmp_path / "runs")])[0])
    begun = Reader(write_report(tmp_path / "out", sections, paths=[tmp_path / "runs"]).read_text())
    assert "has completed its training yet" in begun.text
    assert "runs/begun" in begun.text


def test_movies_in_run_folders_are_used(tmp_path: Path) -> None:
    data = DataRecord.from_dataset(toy_dataset(tmp_path / "data"))
    run = toy_run(tmp_path / "run", "tetrominoes-nwm-linear", data, score=0.5)
    frames = [Image.new("P", (30, 20), colour) for colour in (1, 2)]
    (run.folder / "movies").mkdir()
    frames[0].save(run.folder / "movies" / "test-3.gif", save_all=True, append_images=frames[1:])
    page = Reader(write_report(tmp_path / "out", report_sections([run])).read_text())
    assert not page.all("video")
    assert "test-3.gif" in page.text
    (shown,) = [picture for picture in page.all("img") if (picture["src"] or "").startswith("data:image/gif")]
    assert (shown["width"], shown["height"]) == ("600", "400")
    without = Reader(write_report(tmp_path / "out", report_sections([run]), movies=False).read_text())
    assert "test-3.gif" not in without.text


def test_movies_beyond_the_size_limit_are_omitted(toy_report: ToyReport) -> None:
    (section,) = (each for each in report_sections(toy_report.runs) if len(each.runs) > 3)
    shown = list(section_movies(section))
    assert [type(movie) for movie in shown] == [InlineFigure, InlineFigure]
    assert "the first test image" in shown[0].caption
    (skipped,) = section_movies(section, max_bytes=100)
    assert isinstance(skipped, SkippedFigure)
    assert skipped.caption.count("NWM linear") == skipped.caption.count("GRU last") == 1
