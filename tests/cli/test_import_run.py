"""``drumhead import``: a published checkpoint becomes a run that every command accepts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drumhead.cli import OK, USAGE_ERROR, main
from drumhead.runs import Run

from ..published.reference_models import params, random_state, write


@pytest.fixture
def theirs(tmp_path: Path) -> str:
    """A published wave network, but for fewer steps."""
    described = params("cornn_model2", max_iters=5, readout_type="fft")
    return str(write(tmp_path / "theirs", described, random_state(described)))


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("import") / "boards")
    assert (
        main(["data", "tetrominoes", "--out", folder, "--train", "2", "--val", "2", "--test", "3", "--seed", "0"]) == OK
    )
    return folder


def test_an_import_reports_its_result(
    theirs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["import", theirs, "--out", "runs/one"]) == OK
    printed = capsys.readouterr().out
    assert "tetrominoes-nwm-fft-steps-5, seed 2203, is in runs/one" in printed
    assert "15 numbers that no forward pass uses are dropped: classifier.fc_time.weight" in printed
    data = tmp_path / "data" / "tetrominoes"
    assert f"does not exist yet; make it with: drumhead data tetrominoes --out {data}" in printed
    assert main(["runs"]) == OK
    assert "imported" in capsys.readouterr().out
    assert main(["evaluate", "runs/one"]) == USAGE_ERROR
    assert "--data" in capsys.readouterr().err


def test_every_command_takes_an_imported_run(
    theirs: str, boards: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "run")
    assert main(["import", theirs, "--out", out, "--data", boards]) == OK
    assert "not there yet" not in capsys.readouterr().out
    Image.fromarray(np.zeros((9, 8, 3), np.uint8)).save(tmp_path / "image.png")
    assert main(["predict", out, str(tmp_path / "image.png"), "--out", str(tmp_path / "masks")]) == OK
    assert main(["movie", out]) == OK
    assert main(["evaluate", out, "--split", "val"]) == OK
    assert Run.open(out).state == "imported"
    assert main(["train", out]) == USAGE_ERROR
    assert "no training to resume" in capsys.readouterr().err
    assert main(["evaluate", out]) == OK
    assert Run.open(out).state == "done"


def test_scores_are_kept_where_the_data_is_the_runs_own_in_another_place(
    theirs: str, boards: str, tmp_path: Path
) -> None:
    out, elsewhere, other = str(tmp_path / "run"), str(tmp_path / "elsewhere"), str(tmp_path / "other")
    assert main(["import", theirs, "--out", out, "--data", boards]) == OK
    sizes = ["--train", "2", "--val", "2", "--test", "3"]
    assert main(["data", "tetrominoes", "--out", other, *sizes, "--seed", "1"]) == OK
    assert main(["evaluate", out, "--data", other]) == OK
    assert Run.open(out).state == "imported"
    assert main(["data", "import", boards, "--out", elsewhere]) == OK
    assert main(["evaluate", out, "--data", elsewhere]) == OK
    assert Run.open(out).state == "done"


def test_a_folder_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(tmp_path), "--out", str(tmp_path / "run")]) == USAGE_ERROR
    assert "it has no cp.pt and no .hydra/config.yaml" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
