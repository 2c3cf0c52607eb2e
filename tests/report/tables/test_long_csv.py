"""CSV for other programs: every number in full, read back as it was."""

from __future__ import annotations

import csv
import math
from importlib.resources import files
from io import StringIO

import pytest
from tests.results.rows import row

from drumhead.report.tables.long_csv import COLUMNS, PAIR_COLUMNS, pairs_csv, published_csv, sections_csv
from drumhead.results.model_names import listed_name
from drumhead.results.paired_tests import compare
from drumhead.results.summary import sections_of

STATISTICS = ("mean", "std", "median", "min", "max", "runs")


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_published_is_every_number_of_the_package_data() -> None:
    raw = files("drumhead.published").joinpath("scores.csv").read_text(encoding="utf-8")
    expected = {
        (line["experiment"], line["metric"]): [line[name] and float(line[name]) for name in STATISTICS]
        for line in lines(raw)
    }
    found = {
        (listed_name(line["dataset"], line["model"], line["variant"]), line["metric"]): [
            line[name] and float(line[name]) for name in STATISTICS
        ]
        for line in lines(published_csv())
        if line["model"] != "background"
    }
    assert len(expected) == 210
    assert found == expected


def test_published_has_the_background_of_each_dataset() -> None:
    backgrounds = [line for line in lines(published_csv()) if line["model"] == "background"]
    assert {(line["dataset"], line["metric"]): float(line["mean"]) for line in backgrounds}[
        "tetrominoes", "iou"
    ] == 0.7537647857666016
    assert len(backgrounds) == 12


def test_sections_in_full() -> None:
    rows = [row(seed=1, score=1 / 3), row(seed=2, score=2 / 3), row(seed=3, score=None, state="diverged")]
    found = lines(sections_csv(sections_of([*rows, row(seed=1, score=0.0, state="collapsed", recipe="lite")])))
    assert list(found[0]) == COLUMNS
    (ours,) = (
        line
        for line in found
        if (line["recipe"], line["source"], line["model"], line["metric"]) == ("paper", "ours", "nwm", "iou_foreground")
    )
    assert float(ours["mean"]) == 0.5
    assert float(ours["std"]) == pytest.approx(math.sqrt(2) / 6)
    assert (float(ours["min"]), float(ours["max"])) == (1 / 3, 2 / 3)
    assert (ours["runs"], ours["collapsed"], ours["diverged"], ours["unfinished"]) == ("2", "0", "1", "0")
    assert float(ours["difference"]) == pytest.approx((0.5 - 0.97675316696167) / 0.006741062780855881)
    published = [line for line in found if line["source"] == "published" and line["recipe"] == "paper"]
    assert len(published) == 6
    (lite,) = (
        line
        for line in found
        if (line["recipe"], line["source"], line["metric"], line["model"]) == ("lite", "ours", "acc", "nwm")
    )
    assert (lite["runs"], lite["collapsed"], lite["std"]) == ("1", "1", "")


def test_no_run_at_all_is_a_heading() -> None:
    assert sections_csv([]) == ",".join(COLUMNS) + "\n"


def test_pairs_in_full() -> None:
    (section,) = sections_of(
        [
            row(model, variant, seed=seed, score=0.5 if model == "nwm" else seed / 10)
            for model, variant in (("nwm", "linear"), ("cnn", "8"))
            for seed in (1, 2)
        ]
    )
    found = lines(pairs_csv([(section, compare(*section.groups))]))
    assert list(found[0]) == PAIR_COLUMNS
    assert (found[0]["first"], found[0]["second"], found[0]["metric"], found[0]["pairs"]) == (
        "NWM linear",
        "CNN 8",
        "acc",
        "2",
    )
    assert float(found[0]["difference"]) == pytest.approx(0.35)
    assert float(found[0]["p"]) == 0.5
