"""``drumhead figure``: each figure is a PDF and a PNG; invalid arguments are reported before any work."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from tests.report.toy_runs import toy_dataset, toy_run
from tests.results.rows import row

from drumhead.cli import OK, USAGE_ERROR, main
from drumhead.cli.figure import FIGURES
from drumhead.config import Config
from drumhead.data import Dataset, MultiMNISTConfig
from drumhead.results.results_file import add_rows
from drumhead.runs import DataRecord, Run


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs of three models, two of them finished."""
    folder = tmp_path_factory.mktemp("workplace")
    data = DataRecord.from_dataset(toy_dataset(folder / "data"))
    toy_run(folder / "runs" / "nwm", "tetrominoes-nwm-linear", data, score=0.5)
    toy_run(folder / "runs" / "cnn", "tetrominoes-cnn-2", data, score=0.5)
    toy_run(folder / "lstm", "tetrominoes-lstm-last", data)
    toy_run(folder / "mixed" / "nwm", "tetrominoes-nwm-linear", data, score=0.5)
    toy_run(folder / "mixed" / "lstm", "tetrominoes-lstm-last", data)
    toy_run(folder / "mixed" / "gru", "tetrominoes-gru-last", data).write_divergence("the loss of step 3 is nan")
    toy_run(folder / "mixed" / "cnn", "tetrominoes-cnn-2", data, score=0.5)
    (folder / "mixed" / "cnn" / "config.json").write_text("{}")
    return folder


@pytest.mark.parametrize(
    ("args", "name"),
    [
        (["samples", "runs/cnn", "runs/nwm", "lstm", "--split", "val"], "samples-val"),
        (["samples", "runs/nwm", "--samples", "2", "0", "--titles", "mine"], "samples-test"),
        (["waves", "runs/nwm", "lstm", "--sample", "1", "--channel", "1", "--times", "1", "3"], "waves-test-1"),
        (["waves", "runs/nwm", "--rows", "spectrum", "readout", "--crop", "0", "2", "9", "12"], "waves-test-0"),
        (["scores", "runs", "--metric", "acc_foreground"], "scores-acc_foreground"),
        (["scores", "--published"], "scores-iou_foreground"),
        (["data", "data", "--split", "val"], "data-data-val"),
    ],
)
def test_a_figure_is_a_pdf_and_a_png(
    workplace: Path,
    args: list[str],
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(workplace)
    assert main(["figure", *args, "--out", str(tmp_path / "out"), "--dpi", "80"]) == OK
    files = [tmp_path / "out" / f"{name}.{ending}" for ending in ("pdf", "png")]
    assert capsys.readouterr().out.splitlines() == [f"wrote {file}" for file in files]
    assert sorted(files[0].parent.iterdir()) == files
    assert files[0].read_bytes().startswith(b"%PDF")
    with Image.open(files[1]) as picture:
        assert picture.width <= 7.2 * 80


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["samples"], "name at least one run folder"),
        (["samples", "runs/nwm", "--samples", "4"], "samples must be from 0 to 3"),
        (["samples", "runs/nwm", "lstm", "--titles", "one"], "a different one for each of the 2 runs; got one"),
        (["samples", "runs/nwm", "runs/nwm"], "a different one for each of the 2 runs"),
        (["samples", "runs/nwm", "--dpi", "3"], "dpi must be from 72 to 1200"),
        (["waves", "runs/cnn"], "is a cnn, which has no states over time"),
        (["waves", "runs/nwm", "--bins", "9"], "bins must be from 0 to 3"),
        (
            ["waves", "lstm", "--rows", "readout"],
            "LSTM last, hidden channels 3, steps 3, pixel widths 8 has the readout last",
        ),
        (["waves", "runs/nwm", "--crop", "0", "0", "99", "9"], "crop must be TOP LEFT HEIGHT WIDTH"),
        (["data", "data", "--samples", "4"], "samples must be from 0 to 3"),
        (["data", "data", "--columns", "0"], "columns must be 1 or more; got 0"),
        (["data", "nowhere"], "a dataset is a folder; this one is missing"),
        (["scores"], "or ask for --published scores"),
        (["scores", "lstm"], "lstm has no scores yet"),
        (["scores", "data"], "data holds no run"),
        (["scores", "runs", "--published"], "leave out --published"),
        (["scores", "--published", "--metric", "mean_iou"], "mean_iou was not published"),
    ],
)
def test_invalid_arguments_are_reported_before_any_work(
    workplace: Path,
    args: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(workplace)
    assert main(["figure", *args, "--out", str(tmp_path / "out")]) == USAGE_ERROR
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_scores_names_and_leaves_out_runs_without_the_score(
    workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(workplace)
    assert main(["figure", "scores", "mixed", "--metric", "acc", "--out", str(tmp_path), "--dpi", "80"]) == OK
    printed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("left out: ")]
    assert printed[:2] == [
        "left out: mixed/gru diverged: the loss of step 3 is nan",
        "left out: mixed/lstm has no scores yet: it is unfinished",
    ]
    assert printed[2].startswith("left out: mixed/cnn/config.json is not a run's configuration")
    assert (tmp_path / "scores-acc.pdf").is_file()


def test_all_scores_have_a_figure_for_each_dataset_and_recipe(
    workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    add_rows("results.csv", [row(recipe="lite"), row("cnn", "8", recipe="lite"), row(split="val")])
    assert main(["figure", "scores", "results.csv", "--all", "--out", "out", "--dpi", "72"]) == OK
    names = sorted(path.name for path in Path("out").iterdir())
    assert names == ["scores-all-tetrominoes-lite.pdf", "scores-all-tetrominoes-lite.png"]
    monkeypatch.chdir(workplace)  # whose models are smaller than the paper's
    assert main(["figure", "scores", "mixed", "--all", "--out", str(tmp_path / "new")]) == USAGE_ERROR
    assert "there is no score to draw for Tetrominoes, data" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "command",
    [
        "figure scores runs --all --out file",
        "figure samples runs/nwm --out file/figures",
        "figure waves runs/nwm --out file/figures",
        "figure scores runs --metric acc --out file",
        "figure square-area --out file",
        "figure polygons runs/nwm --out file/figures",
        "movie runs/nwm --out file/waves.gif",
        "movie runs/nwm --out movies.gif",
        "movie runs/cnn --out file/waves.gif",
        "report runs --out file",
        "reproduce --recipe smoke --out file",
    ],
)
def test_output_that_cannot_be_written_is_reported_before_any_work(
    workplace: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(*args: object, **options: object) -> None:
        raise AssertionError("this work would be lost")

    monkeypatch.chdir(workplace)
    Path("file").touch()
    Path("movies.gif").mkdir(exist_ok=True)
    for module in ("figures.square_area", "report", "reproduce"):
        monkeypatch.setattr(f"drumhead.cli.{module}.study_areas", work)
    monkeypatch.setattr("drumhead.cli.reproduce.train_plan", work)
    monkeypatch.setattr(Run, "load_model", work)
    assert main(command.split()) == USAGE_ERROR
    assert "cannot be written (" in capsys.readouterr().err


def test_data_of_a_name_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = []

    def make(config: Config, *, progress: object) -> Dataset:
        made.append(config)
        return toy_dataset(tmp_path / "made")

    monkeypatch.setattr("drumhead.cli.figures.data.prepare_dataset", make)
    toy_dataset(tmp_path / "polygons")  # a folder with the name of a dataset
    assert main(["figure", "data", "multi-mnist", "--dpi", "72", "--out", "out"]) == OK
    assert main(["figure", "data", "./polygons", "--dpi", "72", "--out", "out"]) == OK
    assert made == [MultiMNISTConfig()]
    names = [f"data-{name}-test.{ending}" for name in ("multi-mnist", "polygons") for ending in ("pdf", "png")]
    assert sorted(path.name for path in Path("out").iterdir()) == names


@pytest.mark.parametrize("kind", FIGURES)
def test_every_kind_has_help(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["figure", kind, "--help"])
    assert stop.value.code == 0
    assert "--out" in capsys.readouterr().out
