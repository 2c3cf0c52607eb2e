"""``progress.json``: the progress of a run while it is trained."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.training.tiny_runs import BOARDS, STEPS_PER_EPOCH, Stop, fit, tiny_experiment

from drumhead.data import Dataset, make_dataset
from drumhead.runs import Run
from drumhead.training import Observer, Progress, ProgressFile, StepReport, read_progress
from drumhead.training.progress_file import PROGRESS_FILE


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(BOARDS, tmp_path_factory.mktemp("data") / "boards")


class ProgressReader(Observer):
    """Records the contents of the file after each step, when the file's own observer has written it."""

    def started(self, run: Run, epochs_done: int) -> None:
        self.folder, self.records = run.folder, list[Progress | None]()

    def stepped(self, report: StepReport) -> None:
        self.records.append(read_progress(self.folder))


def test_the_file_follows_training_and_is_removed_at_its_end(boards: Dataset, tmp_path: Path) -> None:
    reader = ProgressReader()
    fit(tiny_experiment("cnn", epochs=2), boards, tmp_path / "run", ProgressFile(interval=0), reader)
    records = [progress for progress in reader.records if progress is not None]
    assert len(records) == 2 * STEPS_PER_EPOCH
    assert [progress.step for progress in records] == list(range(1, 2 * STEPS_PER_EPOCH + 1))
    assert [progress.epoch for progress in records] == [1] * STEPS_PER_EPOCH + [2] * STEPS_PER_EPOCH
    assert records[-1].progress == 1.0
    assert records[0].val_loss is None
    assert records[-1].val_loss == Run.open(tmp_path / "run").metrics()[0]["val_loss"]
    assert not (tmp_path / "run" / PROGRESS_FILE).exists()


def test_training_writes_it_by_default_but_not_at_every_step(boards: Dataset, tmp_path: Path) -> None:
    reader = ProgressReader()
    fit(tiny_experiment("cnn", epochs=1), boards, tmp_path / "run", reader)
    assert {progress.step if progress else None for progress in reader.records} == {1}


def test_time_left_is_estimated_from_the_pace_of_this_process(boards: Dataset, tmp_path: Path) -> None:
    progress = Progress(epoch=3, step=30, progress=0.6, begun=1000.0, begun_progress=0.5, when=1010.0)
    assert progress.seconds_left == pytest.approx(40.0)
    assert progress.replace(progress=0.5).seconds_left is None
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_experiment("cnn", epochs=2), boards, tmp_path / "run", Stop(after_epoch=1))
    reader = ProgressReader()
    fit(tiny_experiment("cnn", epochs=2), boards, tmp_path / "run", ProgressFile(interval=0), reader)
    first = reader.records[0]
    assert first is not None
    assert first.begun_progress == pytest.approx(0.6)  # after its first step
    assert abs(first.begun - time.time()) < 60


def test_a_file_that_cannot_be_written_or_read_stops_nothing(boards: Dataset, tmp_path: Path) -> None:
    class BlockProgressFile(Observer):
        def started(self, run: Run, epochs_done: int) -> None:
            (run.folder / PROGRESS_FILE).mkdir()  # a file cannot replace a folder

    run = fit(tiny_experiment("cnn", epochs=1), boards, tmp_path / "run", BlockProgressFile())
    assert run.state == "done"
    (tmp_path / PROGRESS_FILE).write_text('{"epoch": 1')
    assert read_progress(str(tmp_path)) is None
