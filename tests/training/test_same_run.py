"""Training in a folder resumes the run that is in it, and rejects any other run."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from drumhead.data import Dataset, make_dataset
from drumhead.experiments import Experiment
from drumhead.runs import Run, RunError
from drumhead.training import train

from .tiny_runs import BOARDS, Stop, fit, tiny_experiment


@pytest.fixture
def partial_run(boards: Dataset, tmp_path: Path) -> Path:
    """Return the folder of a run that was interrupted after its first epoch."""
    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_experiment(), boards, folder, Stop(after_epoch=1))
    return folder


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (tiny_experiment(learning_rate=0.01), "recipe.learning_rate is 0.003, not 0.01"),
        (tiny_experiment(clip=1.0), "recipe.clip is None, not 1.0"),
        (tiny_experiment(epochs=3), "recipe.epochs is 4, not 3"),
        (tiny_experiment(seed=4), "seed is 3, not 4"),
        (tiny_experiment(model_fields={"steps": 7}), "model.steps is 6, not 7"),
        (tiny_experiment(model_fields={"readout": "fft"}), "model.readout is 'linear', not 'fft'"),
        (tiny_experiment("cnn"), "model.name is 'nwm', not 'cnn'"),
        (tiny_experiment("cnn"), "model.layers is None, not 2"),
        (tiny_experiment(epochs=5, seed=4), "recipe.epochs is 4, not 5; seed is 3, not 4"),
    ],
)
def test_another_experiment_is_rejected_by_field(
    other: Experiment, difference: str, partial_run: Path, boards: Dataset
) -> None:
    before = {path.name: path.read_bytes() for path in partial_run.iterdir()}
    with pytest.raises(RunError, match="holds another run") as raised:
        fit(other, boards, partial_run)
    assert difference in str(raised.value)
    assert "Choose another folder" in str(raised.value)
    assert {path.name: path.read_bytes() for path in partial_run.iterdir()} == before


@pytest.mark.parametrize("scheduled", [{"schedule": "cosine"}, {"warmup": 0.1}], ids=str)
def test_a_run_with_a_schedule_cannot_have_more_epochs(
    scheduled: dict[str, Any], boards: Dataset, tmp_path: Path
) -> None:
    fit(tiny_experiment(epochs=1, **scheduled), boards, tmp_path)
    with pytest.raises(RunError, match=r"recipe\.epochs is 1, not 2"):
        fit(tiny_experiment(epochs=2, **scheduled), boards, tmp_path)
    assert Run.open(tmp_path).state == "done"


def test_other_data_is_rejected(partial_run: Path, tmp_path: Path) -> None:
    other = make_dataset(BOARDS.replace(seed=1), tmp_path / "other")
    with pytest.raises(RunError, match=f"data is '.{{64}}', not '{other.fingerprint}'"):
        fit(tiny_experiment(), other, partial_run)


def test_the_same_data_with_other_classes_is_rejected(partial_run: Path, boards: Dataset) -> None:
    more = boards.manifest.replace(class_names=(*boards.class_names, "Z"))
    with pytest.raises(RunError, match=r"classes is .*'J/L'\), not .*'J/L', 'Z'\)"):
        fit(tiny_experiment(), dataclasses.replace(boards, manifest=more), partial_run)


def test_the_same_data_in_another_folder_is_the_same(partial_run: Path, tmp_path: Path) -> None:
    moved = make_dataset(BOARDS, tmp_path / "moved")
    assert fit(tiny_experiment(), moved, partial_run).state == "done"


def test_other_package_versions_give_a_warning(partial_run: Path, boards: Dataset) -> None:
    run = Run.open(partial_run)
    run.write_config(run.config.replace(versions={**run.config.versions, "torch": "1.0"}))
    with pytest.warns(UserWarning, match="other package versions"):
        assert fit(tiny_experiment(), boards, partial_run).state == "done"


def test_a_folder_of_other_files_is_rejected(boards: Dataset, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(RunError, match="contains other files"):
        fit(tiny_experiment(), boards, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_fewer_images_than_a_batch_are_rejected_before_anything_is_written(boards: Dataset, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"22 training images, fewer than a batch of 23: choose --recipe.batch-size 22"):
        fit(tiny_experiment(batch_size=23), boards, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_folder_may_be_a_string(boards: Dataset, tmp_path: Path) -> None:
    run = train(tiny_experiment("cnn", epochs=1), boards, str(tmp_path / "new" / "run"), accelerator="cpu")
    assert run.folder == tmp_path / "new" / "run"
