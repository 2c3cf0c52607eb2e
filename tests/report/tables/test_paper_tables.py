"""The paper's tables: our numbers, the published ones beside them, and what a reader must know of both."""

from __future__ import annotations

import re

import pytest
from tests.results.rows import row

from drumhead.published.scores import PublishedScore, published_scores
from drumhead.report.tables.paper_tables import mean_grid, median_grid, pair_grid, published_grids, section_grids
from drumhead.report.tables.text_table import Grid
from drumhead.results.paired_tests import compare
from drumhead.results.results_file import ResultRow
from drumhead.results.summary import Section, sections_of


def section(*rows: ResultRow) -> Section:
    (only,) = sections_of(rows)
    return only


def cells(grid: Grid, name: str, *, below: str | None = None) -> dict[str, str]:
    """The cells of a line by heading: the first of that name, or the first of it below another."""
    names = [line[0].strip() for line in grid.body]
    place = names.index(name, 0 if below is None else names.index(below))
    return dict(zip((heading.replace("\n", " ") for heading in grid.head), grid.body[place], strict=True))


def test_means_by_hand() -> None:
    grid = mean_grid(section(row(seed=1, score=0.8), row(seed=2, score=1.0), row(seed=3, score=0.0, state="collapsed")))
    ours = cells(grid, "NWM linear")
    assert (ours["runs"], ours["collapsed"]) == ("3", "1")
    assert {ours[name] for name in ("acc", "acc fg", "IoU", "IoU fg", "loss", "loss fg", "mean IoU")} == {
        "0.600 ± 0.529"
    }


def test_the_published_numbers_stand_below_with_the_difference_in_their_deviations() -> None:
    grid = mean_grid(section(row("cnn", "8", score=0.5)))
    published, difference = (cells(grid, name, below="CNN 8") for name in ("published", "difference"))
    assert (published["runs"], published["IoU fg"], published["IoU"]) == ("10", "0.637 ± 0.224", "0.93 ± 0.06")
    assert difference["IoU fg"] == "-0.6"  # (0.5 - 0.6374) / 0.2242
    assert difference["IoU"] == "-7.2"  # (0.5 - 0.93) / 0.06
    assert published["mean IoU"] == difference["mean IoU"] == "-"
    assert any("arXiv 2502.06034" in note for note in grid.notes)


def test_a_published_spread_of_zero_measures_nothing() -> None:
    grid = mean_grid(section(row("nwm", "linear")))
    assert cells(grid, "published")["IoU"] == "0.99 ± 0.00"
    assert cells(grid, "difference")["IoU"] == "-"


def test_medians_by_hand() -> None:
    grid = median_grid(section(*(row(seed=seed, score=score) for seed, score in enumerate([0.9, 0.2, 0.4, 0.7]))))
    assert cells(grid, "NWM linear")["acc"] == "0.550 (0.200, 0.900)"
    assert cells(grid, "published")["acc fg"] == "0.99 (0.98, 0.99)"
    assert cells(grid, "published")["IoU"] == "-"


def test_one_run_is_shown_without_a_spread() -> None:
    assert cells(mean_grid(section(row(score=0.25))), "NWM linear")["acc"] == "0.250"


def test_seeds_and_minutes_are_told_below() -> None:
    rows = [row(seed=seed, seconds=seconds) for seed, seconds in ((3, 90), (4, 60), (5, None))]
    grid = mean_grid(section(*rows, row("cnn", "8", seed=7, seconds=120), row("cnn", "16", seed=8, seconds=None)))
    (note,) = (note for note in grid.notes if note.startswith("Seeds"))
    assert "NWM linear: 3, 4, 5 (1.0 to 1.5)" in note
    assert "CNN 8: 7 (2.0)" in note
    assert "CNN 16: 8 (-)" in note


def test_background_is_always_there() -> None:
    for grid in section_grids(section(row(score=None, state="diverged"))):
        background = cells(grid, "background everywhere")
        assert [background[name] for name in ("acc", "acc fg", "IoU", "IoU fg", "loss", "mean IoU")] == [
            "0.856",
            "0.000",
            "0.754",
            "0.000",
            "-",
            "0.143",
        ]


def test_background_without_the_data_is_dashes_and_a_note() -> None:
    grid = mean_grid(section(row(background_acc=None)))
    assert cells(grid, "background everywhere")["acc"] == "-"
    assert "published" not in [line[0].strip() for line in grid.body]
    assert any("not at hand" in note for note in grid.notes)


def test_failed_runs_are_named_below() -> None:
    rows = [row(seed=1), row(seed=2, score=None, state="diverged"), row("cnn", "2", seed=3, state="unfinished")]
    for grid in section_grids(section(*rows)):
        assert "diverged, and so in no mean: NWM linear (seed 2)." in grid.notes
        assert "unfinished, and so in no mean: CNN 2 (seed 3)." in grid.notes
    assert cells(mean_grid(section(*rows)), "CNN 2")["acc"] == "-"


def test_other_images_under_a_published_name_have_no_published_numbers() -> None:
    grid = mean_grid(section(row(background_acc=0.9, data="0123456789" + "a" * 54)))
    assert "published" not in [line[0].strip() for line in grid.body]
    assert any("not the paper's test set" in note for note in grid.notes)
    assert grid.title is not None
    assert grid.title.startswith("tetrominoes (01234567), test split, recipe paper, trained on other data (dddddddd)")


def test_the_recipe_is_in_the_title() -> None:
    assert mean_grid(section(row(recipe="lite"))).title == (
        "tetrominoes, test split, recipe lite: mean ± standard deviation"
    )


def test_images_without_foreground_are_counted() -> None:
    grid = mean_grid(section(row(images_without_foreground=17)))
    assert "17 of 1,000 images have no foreground and count for no fg score." in grid.notes


def test_pairs_are_shown_with_their_number_and_p() -> None:
    both = section(
        *(row(seed=seed, score=0.5 + seed / 10) for seed in (1, 2, 3)),
        *(row("cnn", "8", seed=seed, score=0.5) for seed in (1, 2, 3)),
    )
    grid = pair_grid(both, compare(*both.groups))
    assert grid.body[0] == ["acc", "0.700", "0.500", "0.200 ± 0.100", "0.250"]
    assert any(note.startswith("n = 3 pairs, of seeds 1, 2, 3.") for note in grid.notes)


GRIDS = {grid.title: grid for grid in published_grids()}
SCORES = published_scores()
MARKS = {"acc": "acc", "acc_foreground": "acc fg", "iou": "IoU", "iou_foreground": "IoU fg"}
MARKS |= {"loss": "loss", "loss_foreground": "loss fg"}


def grid_of(experiment: str, statistic: str) -> Grid:
    dataset = experiment.rsplit("-", 2)[0].replace("-", "_")
    return GRIDS[f"{dataset}, published: {statistic}"]


def name_of(experiment: str) -> str:
    model, variant = experiment.rsplit("-", 2)[1:]
    return f"{ {'nwm': 'NWM', 'lstm': 'LSTM', 'cnn': 'CNN', 'unet': 'U-Net'}[model] } {variant}"


@pytest.mark.parametrize("experiment", list(SCORES))
def test_every_published_number_is_in_its_place(experiment: str) -> None:
    for metric, score in SCORES[experiment].items():
        line = cells(grid_of(experiment, "mean ± standard deviation"), name_of(experiment))
        assert line["runs"] == str(score.runs)
        check_numbers(line[MARKS[metric]], [score.mean, score.std])
        if score.median is not None and score.min is not None and score.max is not None:
            line = cells(grid_of(experiment, "median (min, max)"), name_of(experiment))
            check_numbers(line[MARKS[metric]], [score.median, score.min, score.max])


def check_numbers(cell: str, values: list[float]) -> None:
    """A cell has these numbers, rounded to as many digits as it shows, at least two."""
    shown = re.findall(r"\d+\.\d+", cell)
    assert len(shown) == len(values)
    for text, value in zip(shown, values, strict=True):
        digits = len(text.split(".")[1])
        assert digits >= 2
        assert float(text) == pytest.approx(value, abs=0.5 * 10**-digits + 1e-12)


def test_the_published_tables_have_every_experiment_in_the_papers_order() -> None:
    names = [line[0] for line in grid_of("tetrominoes-nwm-linear", "mean ± standard deviation").body]
    assert names[:7] == [
        "background everywhere",
        *(f"NWM {readout}" for readout in ("linear", "fft", "last", "mean", "max")),
        "LSTM linear",
    ]
    assert names[-5:] == ["CNN 2", "CNN 4", "CNN 8", "CNN 16", "CNN 32"]
    means = [grid for grid in GRIDS.values() if grid.title and grid.title.endswith("standard deviation")]
    assert sum(len(grid.body) - 1 for grid in means) == len(SCORES) == 35


def test_no_medians_are_made_up() -> None:
    assert "multi_mnist, published: median (min, max)" not in GRIDS
    assert isinstance(SCORES["multi-mnist-unet-2"]["acc"], PublishedScore)
    assert SCORES["multi-mnist-unet-2"]["acc"].median is None
