"""Links and special files: writing replaces a link and leaves its target unchanged; no command waits for a pipe."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.hostile.guard import refused, run, snapshot
from tests.hostile.world import OPENED_BY

from drumhead.data import open_dataset
from drumhead.files import atomic_replace
from drumhead.report.mask_files import save_mask
from drumhead.runs import Run, write_json

WRITERS: dict[str, Callable[[Run], None]] = {
    "config.json": lambda run: run.write_config(run.config),
    "metrics.csv": lambda run: run.write_metrics([{"epoch": 1, "val_loss": 0.5}]),
    "last.ckpt": lambda run: run.save_checkpoint({"epoch": 1}),
    "model.safetensors": lambda run: run.save_model(run.new_model()),
    "scores.json": lambda run: write_json(run.scores_path, {}),
    "diverged.json": lambda run: run.write_divergence("the loss is nan"),
}


@pytest.fixture(params=["file", "folder", "nowhere"])
def target(request: pytest.FixtureRequest, outside: Path) -> Path:
    """The target of a link."""
    return outside / {"file": "precious", "folder": "below", "nowhere": "new"}[request.param]


@pytest.mark.parametrize("name", WRITERS)
def test_a_run_replaces_links(name: str, target: Path, world: Path) -> None:
    run = Run.open(world / "run")
    (world / "run" / name).unlink(missing_ok=True)
    (world / "run" / name).symlink_to(target)
    WRITERS[name](run)
    assert not (world / "run" / name).is_symlink()
    assert (world / "run" / name).is_file()


MAKES_FILES = {
    "new.csv": ["evaluate", "run", "--data", "data", "--out", "new.csv", "--accelerator", "cpu"],
    "new.json": ["evaluate", "run", "--data", "data", "--json", "new.json", "--accelerator", "cpu"],
    "new.md": ["table", "run", "--format", "markdown", "--out", "new.md"],
    "masks/picture_mask.png": ["predict", "run", "picture.png", "--out", "masks", "--overwrite"],
    "masks/picture_colour.png": ["predict", "run", "picture.png", "--out", "masks", "--overwrite"],
    "figures/scores-iou_foreground.pdf": ["figure", "scores", "run"],
    "report/report.html": ["report", "run", "--no-theory", "--no-movies"],
    "run/movies/test-0.gif": ["movie", "run", "--data", "data"],
}


@pytest.mark.parametrize("name", MAKES_FILES)
def test_commands_replace_links(name: str, world: Path, outside: Path) -> None:
    (world / name).parent.mkdir(exist_ok=True)
    for target in (outside / "new", outside / "precious.csv"):
        (world / name).unlink(missing_ok=True)
        (world / name).symlink_to(target)
        ended = run(MAKES_FILES[name])
        if ended.code:  # it reads what is there first
            assert ended.is_clean, ended
        else:
            assert not (world / name).is_symlink()


def test_movies_do_not_go_where_a_link_leads(world: Path, outside: Path) -> None:
    (world / "run" / "movies").symlink_to(outside, target_is_directory=True)
    refused(["movie", "run", "--data", "data"], "link to another folder")


@pytest.mark.parametrize("args", [["data", "tetrominoes"], ["data", "import", "arrays"], ["import", "theirs"]], ids=str)
def test_a_new_folder_is_made_at_no_end_of_a_link(args: list[str], target: Path, world: Path) -> None:
    (world / "new").symlink_to(target)
    refused([*args, "--out", "new"])
    (world / "new").unlink()
    (world / "new").symlink_to("new")  # to itself
    refused([*args, "--out", "new"])


def test_a_training_goes_to_no_end_of_a_link(target: Path, world: Path) -> None:
    if target.is_dir():
        pytest.skip("a link to an empty folder is a way to name it")
    (world / "new").symlink_to(target)
    args = ["train", "tetrominoes-cnn-2", "--recipe", "smoke", "--data", "data", "--out", "new"]
    refused([*args, "--model.pixel-widths", "8", "--accelerator", "cpu"])


def test_a_mask_replaces_a_link(world: Path, outside: Path) -> None:
    (world / "a_mask.png").symlink_to(outside / "precious.png")
    save_mask(np.zeros((3, 3), np.uint8), world, "a")
    assert not (world / "a_mask.png").is_symlink()


def test_what_is_half_written_is_nowhere_else(world: Path, outside: Path) -> None:
    (world / "notes").symlink_to(outside / "precious")
    with atomic_replace(world / "notes") as temporary:
        assert temporary.parent.parent == world
        temporary.write_text("new")
    assert (world / "notes").read_text() == "new"


def test_a_dataset_folder_that_leads_to_itself_is_refused(world: Path) -> None:
    (world / "loop").symlink_to("loop")
    refused(["data", "check", "loop"], "is missing")
    refused(["runs", "loop"], "not a folder")
    refused(["evaluate", "run", "--data", "loop"], "is missing")


def test_an_opened_dataset_cannot_be_written_to(world: Path) -> None:
    before = snapshot(world / "padded")
    for split in open_dataset(world / "padded").splits.values():
        for array in split.arrays.values():
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0
    assert snapshot(world / "padded") == before


def terabyte(path: Path) -> None:
    """A sparse file of zeros, which needs no disk space."""
    path.touch()
    os.truncate(path, 2**40)


ODD_FILES: dict[str, Callable[[Path], object]] = {
    "pipe": lambda path: os.mkfifo(path),
    "folder": lambda path: path.mkdir(),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "terabyte of nothing": lambda path: terabyte(path),
}


NEED_NOT_BE_THERE = [
    "run/metrics.csv",
    "run/scores.json",
    "diverged/diverged.json",
    "going/last.ckpt",
    "stopped/failed.json",
    "stopped/log.txt",
    "lab/.submitit/jobs-0.json",
]
"""Commands that treat anything other than a regular file as missing."""


@pytest.mark.timeout(100)  # opening a pipe would wait for ever
@pytest.mark.parametrize("place", OPENED_BY)
def test_odd_files_end_no_command_badly(place: str, world: Path, outside: Path) -> None:
    shutil.copytree(world, world.parent / "whole")
    for kind, make in ODD_FILES.items():
        shutil.rmtree(world)
        shutil.copytree(world.parent / "whole", world)
        os.chdir(world)
        (world / place).unlink()
        make(world / place)
        ended = run(OPENED_BY[place])
        assert ended.is_clean, (kind, ended)
        assert ended.code == 2 or place in NEED_NOT_BE_THERE or (place, kind) == ("results.csv", "folder"), (
            kind,
            ended,
        )
