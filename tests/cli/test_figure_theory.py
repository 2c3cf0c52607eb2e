"""``drumhead figure drums``, ``square-area`` and ``polygons``: arguments, files, exit codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drumhead.cli import OK, USAGE_ERROR, main
from drumhead.data import TetrominoConfig, make_dataset
from drumhead.experiments import Experiment
from drumhead.models import model_config
from drumhead.runs import DataRecord, Run, RunConfig

BOARDS = TetrominoConfig(canvas=24, cell=5, max_pieces=2, train=1, val=1, test=8, seed=0)
MODELS = {
    "nwm": model_config("nwm", steps=12, width=4, pixel_widths=(8,)),
    "conv_rnn": model_config("conv_rnn", steps=3, width=4, pixel_widths=(8,)),
    "cnn": model_config("cnn", layers=2, width=4, pixel_widths=(8,)),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Folders of untrained runs that have weights, by model."""
    folder = tmp_path_factory.mktemp("runs")
    record = DataRecord.from_dataset(make_dataset(BOARDS, folder / "data"))
    for name, model in MODELS.items():
        experiment = Experiment(name=f"tetrominoes-{name}", model=model)
        run = Run.create(folder / name, RunConfig(experiment=experiment, data=record, versions={}, machine={}))
        run.save_model(run.new_model())
    return {name: str(folder / name) for name in MODELS}


def test_square_area(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["--sides", "4", "6", "--duration", "60", "--strikes", "2", "--points", "3", "--dpi", "72"]
    contents = []
    for name in ("first", "second"):
        assert main(["figure", "square-area", *args, "--out", str(tmp_path / name)]) == OK
        printed = capsys.readouterr().out
        assert "side 8 (f = 0.0878) and more" in " ".join(printed.split())
        files = sorted((tmp_path / name).iterdir())
        assert [file.name for file in files] == ["square-area.csv", "square-area.pdf", "square-area.png"]
        assert all(f"wrote {file}" in printed for file in files)
        contents.append([file.read_bytes() for file in files])
    assert contents[0] == contents[1]  # a seed makes all of it


def test_drums(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mask = np.zeros((20, 20), np.uint8)
    mask[2:18, 3:17] = 1
    Image.fromarray(mask).save(tmp_path / "mask.png")
    args = ["disc", "isospectral-1", "isospectral-2", str(tmp_path / "mask.png")]
    options = ["--modes", "3", "--frequencies", "15", "--nodes", "250", "--dpi", "72"]
    assert main(["figure", "drums", *args, *options, "--out", str(tmp_path / "out")]) == OK
    printed = capsys.readouterr().out
    assert "isospectral-1 and isospectral-2 sound alike" in " ".join(printed.split())
    assert "mask" in printed
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["drums.pdf", "drums.png"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["sqare"], "neither a drum nor a file called 'sqare'; did you mean square"),
        (["--modes", "0"], "modes must be 1 or more, got 0"),
        (["--frequencies", "1000"], "the number of modes must be 1 to"),
    ],
)
def test_bad_drums(args: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figure", "drums", *args, "--out", str(tmp_path)]) == USAGE_ERROR
    assert message in " ".join(capsys.readouterr().err.split())


def test_polygons(runs: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["--images", "6", "--per-class", "4", "--sample", "1", "--dpi", "72", "--out", str(tmp_path)]
    assert main(["figure", "polygons", runs["nwm"], *args]) == OK
    assert "balanced accuracy" in " ".join(capsys.readouterr().out.split())
    names = ["polygons-test-1.csv", "polygons-test-1.pdf", "polygons-test-1.png"]
    assert sorted(file.name for file in tmp_path.iterdir()) == names


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["square-area", "--sides", "1"], "sides must be 2 or more"),
        (["square-area", "--duration", "5"], "duration must be more than the paper's T dt = 10"),
        (["square-area", "--dt", "0.1", "--c", "9"], "dt must be above 0 and at most"),
        (["polygons", "nowhere"], "is not a run folder"),
        (["polygons", "{nwm}", "--images", "1"], "images must be 2 or more"),
        (["polygons", "{nwm}", "--sample", "8"], "samples must be from 0 to 7 in test"),
        (["polygons", "{conv_rnn}"], "no natural frequencies"),
        (["polygons", "{cnn}"], "no states over time"),
    ],
)
def test_invalid_input_is_reported_in_a_line_and_writes_nothing(
    args: list[str], message: str, runs: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "figures"
    assert main(["figure", *(word.format(**runs) for word in args), "--out", str(out)]) == USAGE_ERROR
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_receptive_field(runs: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = [runs["nwm"], runs["conv_rnn"], runs["cnn"], "--images", "2", "--titles", "waves", "recurrent", "local"]
    assert main(["figure", "receptive-field", *args, "--dpi", "72", "--out", str(tmp_path)]) == OK
    printed = " ".join(capsys.readouterr().out.split())
    assert "pixel (12, 12)" in printed
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "receptive-field.csv",
        "receptive-field.pdf",
        "receptive-field.png",
    ]
    rows = [line.split(",") for line in (tmp_path / "receptive-field.csv").read_text().splitlines()]
    assert rows[0] == ["model", "step", "radius_50", "radius_95", "front", "reach"]
    assert [row[1] for row in rows[1:] if row[0] == "waves"] == [str(step) for step in range(1, 13)]
    assert [row[1:2] + row[5:] for row in rows if row[0] == "local"] == [["", "2"]]  # two layers of 3x3 see two pixels


def test_the_receptive_field_of_steps_that_a_model_lacks_is_refused(
    runs: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["figure", "receptive-field", runs["conv_rnn"], "--steps", "1", "4"]) == USAGE_ERROR
    assert "steps must be from 1 to 3" in capsys.readouterr().err
    assert main(["figure", "receptive-field", runs["cnn"], "--images", "0"]) == USAGE_ERROR
    assert "images must be 1 or more" in capsys.readouterr().err
