"""Tests of the paper's tables: our numbers, the published ones, and the notes."""

from __future__ import annotations

import re

import pytest
from tests.results.rows import row

from drumhead.published import published_scores
from drumhead.report.tables.paper_tables import (
    comparison_table,
    mean_and_median_tables,
    mean_table,
    median_table,
    published_tables,
)
from drumhead.report.tables.text_table import TextTable
from drumhead.results.paired_tests import compare_models
from drumhead.results.result_sets import ResultSet, result_sets
from drumhead.results.rows import ResultRow


def result_set(*rows: ResultRow) -> ResultSet:
    (only,) = result_sets(rows)
    return only


def cells(table: TextTable, name: str, *, below: str | None = None) -> dict[str, str]:
    """Return the cells of a row by heading: the first row of that name, or the first one below another row."""
    names = [line[0].strip() for line in table.body]
    index = names.index(name, 0 if below is None else names.index(below))
    return dict(zip((heading.replace("\n", " ") for heading in table.head), table.body[index], strict=True))


def test_mean_table_by_hand() -> None:
    table = mean_table(
        result_set(row(seed=1, score=0.8), row(seed=2, score=1.0), row(seed=3, score=0.0, state="collapsed"))
    )
    ours = cells(table, "NWM linear")
    assert (ours["runs"], ours["collapsed"]) == ("3", "1")
    assert {ours[name] for name in ("acc", "acc fg", "IoU", "IoU fg", "loss", "loss fg", "mean IoU")} == {
        "0.600 ± 0.529"
    }


def test_published_row_difference_and_p_value() -> None:
    table = mean_table(result_set(row("cnn", "8", seed=1, score=0.4), row("cnn", "8", seed=2, score=0.6)))
    published, difference, p = (cells(table, name, below="CNN 8") for name in ("published", "difference", "p"))
    assert (published["runs"], published["collapsed"]) == ("10", "1")
    assert (published["IoU fg"], published["IoU"]) == ("0.637 ± 0.224", "0.928 ± 0.061")
    assert difference["IoU fg"] == "-0.6"  # (0.5 - 0.6374) / 0.2242
    assert difference["IoU"] == "-7.0"  # (0.5 - 0.928) / 0.061
    assert p["IoU fg"] == "0.370"  # t = -0.1374 / sqrt(0.02 / 2 + 0.2242^2 / 10) = -1.12 with 2.2 degrees of freedom
    assert published["mean IoU"] == difference["mean IoU"] == p["mean IoU"] == "-"
    assert any("arXiv 2502.06034" in note for note in table.notes)
    assert any("Welch's t-test" in note for note in table.notes)


def test_one_run_has_no_p_value() -> None:
    assert cells(mean_table(result_set(row())), "p")["IoU fg"] == "-"


def test_median_table_by_hand() -> None:
    table = median_table(result_set(*(row(seed=seed, score=score) for seed, score in enumerate([0.9, 0.2, 0.4, 0.7]))))
    assert cells(table, "NWM linear")["acc"] == "0.550 (0.200, 0.900)"
    assert cells(table, "published")["acc fg"] == "0.987 (0.979, 0.992)"
    assert cells(table, "p")["acc fg"] == "0.002"  # 2 of 1,001: all four are below the ten published runs
    assert any("Mann and Whitney" in note for note in table.notes)


def test_medians_are_shown_only_where_a_model_has_two_seeds_or_more() -> None:
    nwm, other_seed, cnn = row(seed=1), row(seed=2), row("cnn", "8", seed=1)
    diverged = row(seed=2, score=None, state="diverged")
    for rows, has_medians in [
        ([nwm], False),
        ([nwm, cnn], False),  # two runs, but of two models
        ([nwm, diverged], False),  # two seeds, but one score
        ([nwm, other_seed], True),
        ([nwm, other_seed, cnn], True),
    ]:
        titles = [table.title for table in mean_and_median_tables(result_set(*rows))]
        assert ["median (min, max)" in (title or "") for title in titles] == [False, *[True] * has_medians]


def test_one_run_is_shown_without_a_deviation() -> None:
    assert cells(mean_table(result_set(row(score=0.25))), "NWM linear")["acc"] == "0.250"


def test_seeds_and_minutes_are_in_the_notes() -> None:
    rows = [row(seed=seed, seconds=seconds) for seed, seconds in ((3, 90), (4, 60), (5, None))]
    table = mean_table(result_set(*rows, row("cnn", "8", seed=7, seconds=120), row("cnn", "16", seed=8, seconds=None)))
    (note,) = (note for note in table.notes if note.startswith("Seeds"))
    assert "NWM linear: 3, 4, 5 (1.0 to 1.5)" in note
    assert "CNN 8: 7 (2.0)" in note
    assert "CNN 16: 8 (-)" in note


def test_background_row_is_always_present() -> None:
    for table in mean_and_median_tables(result_set(row(score=None, state="diverged"))):
        background = cells(table, "background everywhere")
        assert [background[name] for name in ("acc", "acc fg", "IoU", "IoU fg", "loss", "mean IoU")] == [
            "0.856",
            "0.000",
            "0.754",
            "0.000",
            "-",
            "0.143",
        ]


def test_background_row_without_the_data_has_dashes_and_a_note() -> None:
    table = mean_table(result_set(row(background_acc=None)))
    assert cells(table, "background everywhere")["acc"] == "-"
    assert "published" not in [line[0].strip() for line in table.body]
    assert any("not available" in note for note in table.notes)


def test_failed_runs_are_in_the_notes() -> None:
    rows = [row(seed=1), row(seed=2, score=None, state="diverged"), row("cnn", "2", seed=3, state="unfinished")]
    for table in mean_and_median_tables(result_set(*rows)):
        assert "diverged, and excluded from the means: NWM linear (seed 2)." in table.notes
        assert "unfinished, and excluded from the means: CNN 2 (seed 3)." in table.notes
    assert cells(mean_table(result_set(*rows)), "CNN 2")["acc"] == "-"


def test_other_images_with_a_published_name_have_no_published_row() -> None:
    table = mean_table(result_set(row(background_acc=0.9, data="0123456789" + "a" * 54)))
    assert "published" not in [line[0].strip() for line in table.body]
    assert any("not the paper's test set" in note for note in table.notes)
    assert table.title is not None
    assert table.title.startswith("tetrominoes (01234567), test split, recipe paper, trained on other data (dddddddd)")


def test_the_recipe_is_in_the_title() -> None:
    assert mean_table(result_set(row(recipe="lite"))).title == (
        "tetrominoes, test split, recipe lite: mean ± standard deviation"
    )


def test_images_without_foreground_are_in_the_notes() -> None:
    table = mean_table(result_set(row(images_without_foreground=17)))
    assert "17 of 1,000 images have no foreground and are excluded from the fg scores." in table.notes


def test_comparison_table() -> None:
    both = result_set(
        *(row(seed=seed, score=0.5 + seed / 10) for seed in (1, 2, 3)),
        *(row("cnn", "8", seed=seed, score=0.5) for seed in (1, 2, 3)),
    )
    table = comparison_table(both, compare_models(*both.models))
    assert table.body[0] == ["acc", "0.700", "0.500", "0.200 ± 0.100", "0.250"]
    assert any(note.startswith("n = 3 pairs, with seeds 1, 2, 3.") for note in table.notes)


TABLES = {table.title: table for table in published_tables()}
SCORES = published_scores()
HEADINGS = {"acc": "acc", "acc_foreground": "acc fg", "iou": "IoU", "iou_foreground": "IoU fg"}
HEADINGS |= {"loss": "loss", "loss_foreground": "loss fg"}


def table_of(experiment: str, statistic: str) -> TextTable:
    dataset = experiment.rsplit("-", 2)[0].replace("-", "_")
    return TABLES[f"{dataset}, published: {statistic}"]


def label_of(experiment: str) -> str:
    model, variant = experiment.rsplit("-", 2)[1:]
    return f"{ {'nwm': 'NWM', 'lstm': 'LSTM', 'cnn': 'CNN', 'unet': 'U-Net'}[model] } {variant}"


@pytest.mark.parametrize("experiment", list(SCORES))
def test_every_published_number_is_in_its_cell(experiment: str) -> None:
    for metric, score in SCORES[experiment].items():
        line = cells(table_of(experiment, "mean ± standard deviation"), label_of(experiment))
        assert line["runs"] == str(score.runs)
        assert score.std is not None
        check_numbers(line[HEADINGS[metric]], [score.mean, score.std])
        line = cells(table_of(experiment, "median (min, max)"), label_of(experiment))
        check_numbers(line[HEADINGS[metric]], [score.median, score.min, score.max])


def check_numbers(cell: str, values: list[float]) -> None:
    """Check that a cell shows these numbers, rounded to three digits."""
    shown = re.findall(r"\d+\.\d+", cell)
    assert len(shown) == len(values)
    for text, value in zip(shown, values, strict=True):
        assert len(text.split(".")[1]) == 3
        assert float(text) == pytest.approx(value, abs=0.0005 + 1e-12)


def test_the_published_tables_have_every_experiment_in_the_papers_order() -> None:
    names = [line[0] for line in table_of("tetrominoes-nwm-linear", "mean ± standard deviation").body]
    assert names[:7] == [
        "background everywhere",
        *(f"NWM {readout}" for readout in ("linear", "fft", "last", "mean", "max")),
        "LSTM linear",
    ]
    assert names[-5:] == ["CNN 2", "CNN 4", "CNN 8", "CNN 16", "CNN 32"]
    means = [table for table in TABLES.values() if table.title and table.title.endswith("standard deviation")]
    assert sum(len(table.body) - 1 for table in means) == len(SCORES) == 35


def test_the_published_tables_count_collapsed_runs() -> None:
    table = table_of("tetrominoes-cnn-16", "mean ± standard deviation")
    assert (cells(table, "CNN 16")["collapsed"], cells(table, "NWM linear")["collapsed"]) == ("6", "0")
