"""Files that the first version of the package wrote still open.

``first.tar.xz`` holds such files: a run that was stopped after two of three epochs, and the same run finished, with
``stretch`` and ``keep_margin`` (today ``chunk_steps`` and ``min_delta``) not at their defaults; the file of results of
the finished run; and a ``drumhead.yaml`` with every key.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
import torch

from drumhead import load, prepare_dataset, train
from drumhead.experiments import find_experiment
from drumhead.models import NWMConfig
from drumhead.renamed_fields import current_flags
from drumhead.results.results_file import collect_rows, read_rows
from drumhead.runs import Run
from drumhead.sweeps import parse_overrides, plan_sweep, read_cluster_settings
from drumhead.sweeps.cluster_settings import ClusterSettings

ARCHIVE = Path(__file__).with_name("first.tar.xz")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with the files of the first version."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


@pytest.mark.parametrize("name", ["unfinished", "finished"])
def test_a_run_opens_with_the_present_names_of_fields(files: Path, name: str) -> None:
    run = Run.open(files / name)
    model, recipe = run.config.experiment.model, run.config.experiment.recipe
    assert isinstance(model, NWMConfig)
    assert (model.chunk_steps, recipe.min_delta) == (2, 0.01)
    assert load(files / name)(torch.zeros(1, 3, 9, 9)).shape == (1, 6, 9, 9)


@pytest.mark.filterwarnings("ignore:.*was begun with other package versions")
def test_an_unfinished_run_resumes(files: Path) -> None:
    """The epoch that was missing is the one that the first version trained, up to the rounding of another machine."""
    run = Run.open(files / "unfinished")
    experiment = run.config.experiment
    assert experiment.dataset is not None
    dataset = prepare_dataset(experiment.dataset, files / "data")
    assert run.state == "unfinished"
    resumed = train(experiment, dataset, files / "unfinished")
    expected = Run.open(files / "finished")
    assert resumed.state == expected.state == "done"
    for ours, theirs in zip(resumed.metrics(), expected.metrics(), strict=True):
        del ours["seconds"], theirs["seconds"]
        assert ours == pytest.approx(theirs, rel=1e-4)


def test_a_finished_run_is_left_as_it_is(files: Path) -> None:
    before = {path.name: path.read_bytes() for path in (files / "finished").iterdir()}
    experiment = Run.open(files / "finished").config.experiment
    assert experiment.dataset is not None
    dataset = prepare_dataset(experiment.dataset, files / "data")
    assert train(experiment, dataset, files / "finished").scores() is not None
    after = {path.name: path.read_bytes() for path in (files / "finished").iterdir() if path.name in before}
    assert after == before


def test_rows_of_results_are_those_of_the_same_run_today(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files)
    (row,) = read_rows(files / "results.csv")
    (today,) = collect_rows([Path("finished")])
    assert row.recipe == today.recipe == "smoke, epochs 3, min delta 0.01"
    scores = {"acc", "iou", "iou_foreground", "loss", "mean_iou", "seconds", "variant", "seed"}
    assert row.model_dump(include=scores) == today.model_dump(include=scores)


def test_every_setting_of_a_cluster_is_read(files: Path) -> None:
    settings = read_cluster_settings(files / "drumhead.yaml")
    default = ClusterSettings()
    assert settings.setup == ("module load python/3.12",)
    assert settings.time == 240
    unchanged = {name for name in ClusterSettings.model_fields if getattr(settings, name) == getattr(default, name)}
    assert unchanged == {"time", "cpus", "array_parallelism", "signal_delay"}


def test_a_sweep_finds_its_folders(files: Path) -> None:
    """A run that was made with the old name of a field is not trained again in a folder with the new one."""
    old = files / "runs" / "tetrominoes-nwm-linear-model.stretch=5-seed0"
    old.mkdir(parents=True)

    def folders() -> list[str]:
        fields = {"model.chunk_steps": ["5", "6"]}
        return [run.folder.name for run in plan_sweep(["tetrominoes-nwm-linear"], out=files / "runs", overrides=fields)]

    new = "tetrominoes-nwm-linear-model.chunk-steps={}-seed0"
    assert folders() == [old.name, new.format(6)]
    old.with_name(new.format(5)).mkdir()
    assert folders() == [new.format(5), new.format(6)]


def test_old_flags_still_work_and_say_so() -> None:
    with pytest.warns(FutureWarning, match="--model.stretch is now called --model.chunk-steps"):
        assert current_flags(["--model.stretch", "5"]) == ["--model.chunk-steps", "5"]
    with pytest.warns(FutureWarning, match="recipe.keep_margin is now called recipe.min_delta"):
        assert parse_overrides(["recipe.keep-margin=0.5"]) == {"recipe.min_delta": ("0.5",)}


def test_a_field_by_both_names_is_refused() -> None:
    experiment = find_experiment("tetrominoes-nwm-linear").model_dump()
    experiment["model"]["stretch"] = 3
    with pytest.raises(ValueError, match="stretch"):
        type(find_experiment("tetrominoes-nwm-linear")).model_validate(experiment)
