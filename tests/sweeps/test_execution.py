"""Training a plan: finished runs are kept, partial runs resume, and a run that fails does not stop the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.training.tiny_runs import BOARDS, Stop, assert_same_training, fit, tiny_experiment

from drumhead.data import Dataset, DatasetError, MNISTConfig, TetrominoConfig
from drumhead.experiments import find_experiment
from drumhead.runs import Run, RunError, lock_folder
from drumhead.sweeps import PlannedRun, PlanResult, execution, planned_dataset, planned_state, train_plan
from drumhead.sweeps.execution import failure_since
from drumhead.sweeps.failure import read_failure
from drumhead.training import Devices, Observer, TrainingDivergedError, train

CPU = Devices(accelerator="cpu")


def plan_of(folder: Path, seeds: int = 3) -> list[PlannedRun]:
    experiments = [tiny_experiment("cnn", seed=seed, epochs=2).replace(dataset=BOARDS) for seed in range(seeds)]
    return [PlannedRun(experiment, folder / f"seed{experiment.seed}") for experiment in experiments]


def train_all(plan: list[PlannedRun], dataset: Dataset, **settings: Any) -> PlanResult:
    return train_plan(
        plan, prepare_dataset=lambda _: dataset, make_observer=lambda _: Observer(), devices=CPU, **settings
    )


def test_finished_runs_are_kept_partial_ones_resume_missing_ones_are_trained(boards: Dataset, tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    done, partial, missing = plan
    fit(done.experiment, boards, done.folder)
    with pytest.raises(KeyboardInterrupt):
        fit(partial.experiment, boards, partial.folder, Stop(after_epoch=1))
    assert [planned_state(planned) for planned in plan] == ["done", "unfinished", "missing"]
    before = (done.folder / "model.safetensors").stat().st_mtime_ns
    started: list[PlannedRun] = []

    def observer(planned: PlannedRun) -> Observer:
        started.append(planned)
        return Observer()

    result = train_plan(plan, prepare_dataset=lambda _: boards, make_observer=observer, devices=CPU)
    assert result == PlanResult(done=[planned.folder for planned in plan])
    assert started == [partial, missing]
    assert (done.folder / "model.safetensors").stat().st_mtime_ns == before
    assert_same_training(Run.open(partial.folder), fit(partial.experiment, boards, tmp_path / "whole"))
    assert train_all(plan, boards).done == result.done


def test_an_interrupted_plan_resumes(boards: Dataset, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 2)
    with pytest.raises(KeyboardInterrupt):
        train_plan(plan, prepare_dataset=lambda _: boards, make_observer=lambda _: Stop(after_epoch=1), devices=CPU)
    assert [planned_state(planned) for planned in plan] == ["unfinished", "missing"]
    assert len(train_all(plan, boards).done) == 2


def test_a_run_that_fails_does_not_stop_the_others(
    boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(tmp_path)
    trained: list[int] = []

    def failing(experiment: Any, dataset: Any, folder: Path, **settings: Any) -> Run:
        trained.append(experiment.seed)
        if experiment.seed == 0:
            run = train(experiment, dataset, folder, **settings)
            run.scores_path.unlink()
            run.write_divergence("the loss of step 3 is nan")
            raise TrainingDivergedError("the loss of step 3 is nan")
        if experiment.seed == 1:
            raise RunError("last.ckpt is damaged")
        return train(experiment, dataset, folder, **settings)

    monkeypatch.setattr(execution, "train", failing)
    result = train_all(plan, boards)
    failed = {plan[0].folder: "diverged: the loss of step 3 is nan", plan[1].folder: "last.ckpt is damaged"}
    assert (result.done, result.failed) == ([plan[2].folder], failed)
    assert trained == [0, 1, 2]
    assert planned_state(plan[0]) == "diverged"
    assert train_all(plan, boards).failed == failed  # the diverged run is reported again, but not trained
    assert trained == [0, 1, 2, 1]


def test_a_diverged_run_resumes_on_request(boards: Dataset, tmp_path: Path) -> None:
    (planned,) = plan_of(tmp_path, 1)
    with pytest.raises(KeyboardInterrupt):
        fit(planned.experiment, boards, planned.folder, Stop(after_epoch=1))
    Run.open(planned.folder).write_divergence("the loss is nan")
    assert train_all([planned], boards).failed == {planned.folder: "diverged: the loss is nan"}
    assert train_all([planned], boards, retry_diverged=True).done == [planned.folder]


def test_a_run_that_another_process_trains_is_left_alone(boards: Dataset, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 2)
    with lock_folder(plan[0].folder):
        assert planned_state(plan[0]) == "running"
        result = train_all(plan, boards)
    assert result.done == [plan[1].folder]
    assert "being trained by process" in result.busy[plan[0].folder]
    assert train_all(plan, boards).done == [planned.folder for planned in plan]


def test_an_error_only_affects_its_run_and_is_recorded_until_the_run_resumes(
    boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(tmp_path, 2)

    def failing(experiment: Any, dataset: Any, folder: Path, **settings: Any) -> Run:
        if experiment.seed == 0:
            raise OSError(28, "No space left on device")
        return train(experiment, dataset, folder, **settings)

    monkeypatch.setattr(execution, "train", failing)
    result = train_all(plan, boards)
    assert result.failed == {plan[0].folder: "OSError: [Errno 28] No space left on device"}
    failure = read_failure(plan[0].folder)
    assert failure is not None
    assert failure.kind == "failed"
    assert failure_since(plan[0], failure.when.timestamp() - 1) == failure.message
    assert failure_since(plan[0], failure.when.timestamp() + 1) is None
    monkeypatch.setattr(execution, "train", train)
    assert train_all(plan, boards).failed == {}
    assert read_failure(plan[0].folder) is None


def test_runs_without_data_fail_or_are_skipped(tmp_path: Path) -> None:
    asked: list[PlannedRun] = []

    def prepare(planned: PlannedRun) -> Dataset:
        asked.append(planned)
        raise DatasetError("no digits")

    plan = plan_of(tmp_path, 2)
    settings: dict[str, Any] = {"prepare_dataset": prepare, "make_observer": lambda _: Observer()}
    reasons = dict.fromkeys([planned.folder for planned in plan], "no data: no digits")
    assert train_plan(plan, **settings) == PlanResult(failed=reasons)
    assert asked == plan[:1]
    assert train_plan(plan, skip_without_data=True, **settings) == PlanResult(skipped=reasons)


def test_a_folder_of_another_run_is_refused(boards: Dataset, tmp_path: Path) -> None:
    (planned,) = plan_of(tmp_path, 1)
    fit(planned.experiment.replace(seed=9), boards, planned.folder)
    with pytest.raises(RunError, match="holds another run than is planned here"):
        planned_state(planned)
    (tmp_path / "seed1").mkdir()
    (tmp_path / "seed1" / "notes.txt").touch()
    with pytest.raises(RunError, match="contains other files"):
        planned_state(plan_of(tmp_path, 2)[1])


def test_data_is_made_once_and_mnist_is_only_downloaded_on_request(
    tmp_path: Path, toy_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("DRUMHEAD_MNIST_ROOT", raising=False)
    boards = TetrominoConfig(canvas=24, cell=5, max_pieces=2, train=2, val=1, test=1, seed=0)
    planned = PlannedRun(find_experiment("tetrominoes-cnn-2").replace(dataset=boards), tmp_path / "run")
    made = planned_dataset(planned)
    assert made.folder.parent == tmp_path / "data"
    assert planned_dataset(planned).fingerprint == made.fingerprint
    digits = MNISTConfig(train=8, val=2, test=2, seed=0)
    planned = PlannedRun(find_experiment("mnist-cnn-2").replace(dataset=digits), tmp_path / "run")
    with pytest.raises(DatasetError, match="--mnist-root"):
        planned_dataset(planned, download=False)
    made = planned_dataset(planned, mnist_root=toy_mnist, download=False)
    assert planned_dataset(planned, download=False).fingerprint == made.fingerprint  # MNIST is not needed any more
