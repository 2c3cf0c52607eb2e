"""Command lines of real commands, real flags and junk: they succeed, are refused, or start long work (replaced)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.hostile.fuzzing import CASES, same_each_time
from tests.hostile.guard import run
from tests.hostile.world import OPENED_BY

from drumhead.cli.figure import FIGURES

LONG_WORK = {
    "train": ["run_training", "prepare_dataset"],
    "demo": ["show_trained", "train_demo", "prepare_dataset"],
    "data": ["make_dataset"],
    "reproduce": ["train_plan", "planned_dataset", "study_areas", "write_outputs"],
    "report": ["study_areas", "write_report"],
    "runs": ["watch_runs"],
    "sweep": ["prepare", "run_locally", "run_on_slurm"],
    "movie": ["model_wave_movie", "image_wave_movie"],
    "view": ["write_viewer"],
    "waves": ["measure_waves", "states"],
    "figures.data": ["dataset_figure", "prepare_dataset"],
    "figures.drums": ["find_drum", "study_drum"],
    "figures.polygons": ["study_dataset"],
    "figures.receptive_field": ["study_receptive_field"],
    "figures.samples": ["model_predictions_figure"],
    "figures.scores": ["scores_figure", "score_panels_figure"],
    "figures.square_area": ["study_areas"],
    "figures.waves": ["model_waves_figure"],
}
"""The functions of each command that take long; here they are replaced."""

STARTS: list[list[str]] = [
    *[
        [name]
        for name in (
            "demo",
            "experiments",
            "evaluate",
            "table",
            "predict",
            "movie",
            "view",
            "waves",
            "reproduce",
            "report",
            "runs",
        )
    ],
    *[["waves"], ["sweep"], ["sweep", "tetrominoes-cnn-2"], ["sweep", "paper"], ["cancel"]],
    *[["data", verb] for verb in ("tetrominoes", "mnist", "multi-mnist", "polygons", "check", "import")],
    *[["figure", kind] for kind in FIGURES],
    *[["train", what] for what in ("tetrominoes-cnn-2", "tetrominoes-nwm-linear", "multi-mnist-unet-2", "going")],
    ["import"],
    ["pretrained"],
    ["train", "nwm-linear", "--data", "data", "--from", "run"],
    *OPENED_BY.values(),
]
ODD_STARTS = [
    [],
    ["train"],
    ["data"],
    ["figure"],
    ["trian"],
    ["-"],
    ["--"],
    ["--help", "x"],
    ["figure", "[/]"],
    ["data", "_"],
]

NUMBERS = ["0", "1", "-1", "3", "2.5", "1e999", "nan", "-inf", "9" * 40, "0x10", "1_0", "١", "99999999999"]
NAMES = [
    "",
    " ",
    "-",
    "--",
    "a",
    "None",
    "True",
    "auto",
    "smoke",
    "lite",
    "csv",
    "test",
    "nwm",
    "fft",
    "linear",
    "published",
]
ODD = ["[/]", "$x^", "\x1b[2J", "\udcff", "é", "x" * 300, "*", "=1", "@data", "a,b", "--out=", "~", "%s", "a/../b"]
PATHS = ["run", "going", "diverged", "data", "arrays", "pairs", "theirs", "mnist", "nowhere", ".", "run/config.json"]
PATHS += ["picture.png", "array.npy", "results.csv", "run/../run", "run/movies"]
OUTSIDE = ["..", "../outside", "../outside/precious", "../outside/precious.csv", "/dev/null", "/proc/self/mem"]
"""Paths to read only; with --out, a user may choose any path."""
WRITTEN = ["--out", "--json"]


class LongWork(BaseException):
    """Long work would start here. This is no error, and no ``except Exception`` catches it."""


def start_work(*arguments: object, **named: object) -> NoReturn:
    raise LongWork


@pytest.fixture(autouse=True)
def no_long_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the functions that take long."""
    for module, names in LONG_WORK.items():
        for name in names:
            monkeypatch.setattr(f"drumhead.cli.{module}.{name}", start_work)


def flags_of(start: Sequence[str]) -> list[str]:
    """Return the flags in a command's help."""
    printed = run([*start, "--help"]).printed
    return sorted(set(re.findall(r"--[a-z][\w.-]*[a-z]", printed)) - {"--help"})


@st.composite
def command_line(draw: st.DrawFn, flags: dict[tuple[str, ...], list[str]]) -> list[str]:
    """A command and a few arguments: its own flags or others, with a random number of values, paths and junk."""
    start = draw(st.sampled_from([*STARTS, *STARTS, *ODD_STARTS]))
    every = sorted({flag for some in flags.values() for flag in some})
    own = flags.get(tuple(start)) or flags.get(tuple(start[:1])) or flags.get(tuple(start[:2])) or every
    value = st.one_of(*map(st.sampled_from, (NUMBERS, NAMES, ODD, PATHS)))
    args = list(start)
    for _ in range(draw(st.integers(0, 4))):
        match draw(st.sampled_from(["path", "path", "flag", "flag", "flag", "other flag", "outside", "junk"])):
            case "path":
                args.append(draw(st.sampled_from(PATHS)))
            case "flag":
                args += [draw(st.sampled_from(own)), *draw(st.lists(value, min_size=1, max_size=2))]
            case "other flag":
                args += [draw(st.sampled_from(every)), *draw(st.lists(value, max_size=1))]
            case "outside" if args and args[-1] not in WRITTEN:
                args.append(draw(st.sampled_from(OUTSIDE)))
            case _:
                args.append(draw(st.one_of(value, st.text(max_size=8).filter(lambda text: "/" not in text))))
    return [word.replace("\0", "") for word in args]  # a shell cannot pass NUL


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("cases", [150, pytest.param(6000, marks=pytest.mark.slow)])
def test_no_command_line_ends_badly(cases: int, world: Path, outside: Path) -> None:
    flags = {
        tuple(start): flags_of(start) for start in STARTS if start not in (["train", "going"], *OPENED_BY.values())
    }
    assert sum(map(bool, flags.values())) > 15  # a few have none
    kept = world.parent / "kept"
    shutil.copytree(world, kept)

    @same_each_time(cases)
    @given(args=command_line(flags))
    def check(args: list[str]) -> None:
        CASES["command lines"] += 1
        try:
            ended = run(args)
        except LongWork:
            CASES["command lines that began long work"] += 1
        else:
            assert ended.is_clean, (args, ended)
            if ended.code == 0:
                CASES["command lines that were done"] += 1
        if len(list(world.iterdir())) > len(list(kept.iterdir())):
            for path in world.iterdir():
                if not (kept / path.name).exists():
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    check()
