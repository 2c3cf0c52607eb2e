"""Runs are created, opened and loaded; damaged files are reported by name, and no file can run code."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import drumhead
from drumhead.runs import Run, RunError
from drumhead.zoo import load

from .sample_run import CONFIG, SCORES


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_run_holds_only_its_configuration(run: Run) -> None:
    assert names(run.folder) == ["config.json"]
    opened = Run.open(str(run.folder))
    assert opened.config == CONFIG
    assert (opened.folder, opened.name, opened.state) == (run.folder, "run", "unfinished")
    assert opened.metrics() == []
    assert opened.load_checkpoint() is None
    assert opened.scores() is None


def test_the_name_of_a_run_is_its_folders_name_for_any_path(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run.folder)
    assert Run.open(".").name == "run"


@pytest.mark.parametrize("folder", ["", "nowhere"])
def test_a_folder_without_a_run_is_an_error(folder: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=rf"{tmp_path / folder} is not a run folder: it has no config\.json"):
        Run.open(tmp_path / folder)


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda values: values.pop(name)


@pytest.mark.parametrize(
    ("damage", "field"),
    [
        (without("experiment"), "experiment"),
        (lambda values: values.update(surprise=1), "surprise"),
        (lambda values: values["experiment"]["model"].update(layers=-1), "layers"),
        (lambda values: values["experiment"]["model"].update(name="transformer"), "transformer"),
    ],
)
def test_an_invalid_configuration_is_reported_by_field(
    damage: Callable[[dict[str, Any]], None], field: str, run: Run
) -> None:
    path = run.folder / "config.json"
    values = json.loads(path.read_text())
    damage(values)
    path.write_text(json.dumps(values))
    with pytest.raises(RunError, match=rf"config\.json is not a run's configuration[\s\S]*{field}"):
        Run.open(run.folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe\x00"])
def test_a_configuration_that_is_not_json_is_an_error(content: bytes, run: Run) -> None:
    (run.folder / "config.json").write_bytes(content)
    with pytest.raises(RunError, match=r"config\.json is not a run's configuration"):
        Run.open(run.folder)


def test_a_saved_model_is_loaded_unchanged(run: Run) -> None:
    model = run.new_model()
    images = torch.rand(2, 3, 8, 9)
    assert torch.equal(model(images), run.new_model()(images))  # the initial weights only depend on the seed
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1)
    run.save_model(model)
    loaded = load(run.folder)
    assert not loaded.training
    assert torch.equal(loaded(images), model(images))
    assert loaded.predict(images).shape == (2, 8, 9)
    assert type(loaded) is type(drumhead.load(str(run.folder)))


def test_equal_weights_give_equal_files(run: Run) -> None:
    contents = set()
    for _ in range(8):
        run.save_model(run.new_model())
        contents.add(run.model_path.read_bytes())
    assert len(contents) == 1
    with safe_open(run.model_path, framework="pt") as file:
        assert file.metadata()["experiment"] == "tiny"


def test_a_model_cannot_be_loaded_before_an_epoch(run: Run) -> None:
    with pytest.raises(RunError, match="no epoch of this run has finished yet"):
        load(run.folder)


def test_damaged_weights_and_weights_of_another_model_are_errors(run: Run) -> None:
    run.save_model(run.new_model())
    whole = run.model_path.read_bytes()
    run.model_path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RunError, match=r"model\.safetensors does not hold this run's weights"):
        run.load_model()
    run.model_path.write_bytes(whole)
    weights = load_file(run.model_path)
    weights["surprise"] = weights.pop("expand.bias")
    save_file(weights, run.model_path)
    with pytest.raises(RunError, match=r"does not hold this run's weights[\s\S]*surprise"):
        run.load_model()


def test_a_saved_checkpoint_is_loaded_unchanged(run: Run) -> None:
    state: dict[str, Any] = {
        "epoch": 3,
        "best_loss": float("inf"),
        "rows": [{"loss": None}],
        "model": {"weight": torch.rand(3)},
    }
    run.save_checkpoint(state)
    loaded = run.load_checkpoint()
    assert loaded is not None
    assert torch.equal(loaded.pop("model")["weight"], state.pop("model")["weight"])
    assert loaded == state
    assert names(run.folder) == ["config.json", "last.ckpt"]


class FileCreator:
    """An object whose pickle creates a file when it is read."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self.file,)


@pytest.mark.parametrize("how", ["torch", "pickle"])
def test_a_checkpoint_that_runs_code_is_refused(how: str, run: Run, tmp_path: Path) -> None:
    traces = tmp_path / "traces"
    state = {"epoch": 1, "model": FileCreator(traces)}
    if how == "torch":
        torch.save(state, run.checkpoint_path)
    else:
        run.checkpoint_path.write_bytes(pickle.dumps(state, protocol=2))
    with pytest.raises(RunError, match=r"last\.ckpt is damaged, or holds more than tensors and plain values") as raised:
        run.load_checkpoint()
    assert "weights_only" not in str(raised.value)  # torch's advice to trust the file is not shown
    assert not traces.exists()


@pytest.mark.parametrize("content", [b"", b"garbage", None], ids=["empty", "garbage", "half"])
def test_a_damaged_checkpoint_is_an_error(content: bytes | None, run: Run) -> None:
    run.save_checkpoint({"weights": torch.rand(100)})
    whole = run.checkpoint_path.read_bytes()
    run.checkpoint_path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(RunError, match=r"last\.ckpt is damaged"):
        run.load_checkpoint()


def test_metrics_are_read_as_numbers_without_empty_values(run: Run) -> None:
    rows: list[dict[str, Any]] = [
        {"epoch": 1, "val_loss": 0.1 + 0.2, "val_iou": None},
        {"epoch": 2, "val_loss": 1e-9, "val_iou": 0.5},
    ]
    run.write_metrics(rows)
    assert run.metrics() == [{"epoch": 1, "val_loss": 0.1 + 0.2}, {"epoch": 2, "val_loss": 1e-9, "val_iou": 0.5}]
    run.write_metrics(rows[:1])
    assert len(run.metrics()) == 1


def test_scores_mark_a_run_as_done(run: Run) -> None:
    run.write_scores(SCORES)
    assert run.state == "done"
    assert Run.open(run.folder).scores() == SCORES
    assert json.loads(run.scores_path.read_text())["mean_iou"] == 1 / 3


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff"])
def test_damaged_scores_are_an_error(content: bytes, run: Run) -> None:
    run.scores_path.write_bytes(content)
    with pytest.raises(RunError, match=r"scores\.json does not hold scores"):
        run.scores()


def test_scores_that_are_not_finite_are_not_written(run: Run) -> None:
    with pytest.raises(ValueError, match="finite number"):
        run.write_scores(SCORES.replace(loss=float("nan")))
    assert run.state == "unfinished"


@pytest.mark.parametrize("what", ["checkpoint", "model"])
def test_a_crash_while_writing_keeps_the_old_file(what: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def write() -> None:
        if what == "checkpoint":
            run.save_checkpoint({"epoch": 1})
        else:
            run.save_model(run.new_model())

    write()
    before = {path.name: path.read_bytes() for path in run.folder.iterdir()}

    def crash(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[:5])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", crash)
    with pytest.raises(KeyboardInterrupt):
        write()
    assert {path.name: path.read_bytes() for path in run.folder.iterdir()} == before


def test_a_damaged_record_of_divergence_is_an_error(run: Run) -> None:
    assert run.divergence() is None
    run.write_divergence("the loss is nan")
    assert (run.state, run.divergence()) == ("diverged", "the loss is nan")
    run.divergence_path.write_text("[]")
    with pytest.raises(RunError, match=r"diverged\.json does not say why"):
        run.divergence()
