"""Benchmarks run, and their tables have every case; what they compute themselves is right."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import agreement
import breakdown
import evolution
import scaling
import train_step
from machine import BF16_INSTRUCTIONS, Rates, bandwidth, description, has_fast_bf16, instructions, product_rate
from memory import Memory, in_own_process, measure_memory
from terminal import show
from train_step import CASES
from workloads import BF16, FLOAT32, PLAIN, Case, Data, Operations

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def run(name: str, *words: str, code: int = 0) -> str:
    """What a benchmark prints; on standard error if it is to fail."""
    words = (str(BENCHMARKS / f"{name}.py"), *words)
    result = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    assert result.returncode == code, result.stderr
    return result.stderr if code else result.stdout


def tables(markdown: str) -> list[dict[str, list[str]]]:
    """The tables in a text, the cells of each row under its name."""
    found = []
    for block in markdown.split("\n\n"):
        if block.startswith("| "):
            _, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
            found.append({name: cells for name, *cells in rows})
    return found


def number(cell: str) -> float:
    return float(cell.split(" ")[0])


def check_train_step(markdown: str, cases: list[Case]) -> None:
    assert markdown.startswith(description().split(";")[0])
    assert "float32" in markdown
    times, memory, floors = tables(markdown)
    assert list(times) == list(memory) == list(floors) == [case.name for case in cases]
    for case in cases:
        goal = "-" if case.goal is None else f"1/{case.goal.memory}"
        assert memory[case.name][-1] == goal
        assert number(times[case.name][0]) > 0
        assert number(floors[case.name][0]) > 0
        assert (times[case.name][1] == "-") == (not case.has_engines)


def test_train_step() -> None:
    name = "U-Net 4, evaluation"  # the quickest
    check_train_step(
        run("train_step", "--quick", "--markdown", "--case", name, "--no-bf16"),
        [case for case in CASES if case.name == name],
    )


@pytest.mark.slow
def test_train_step_has_every_case() -> None:
    check_train_step(run("train_step", "--quick", "--markdown", "--bf16"), CASES)


@pytest.mark.slow
def test_scaling_has_every_point(tmp_path: Path) -> None:
    figure = tmp_path / "scaling.png"
    exponents, points = tables(run("scaling", "--quick", "--markdown", "--figure", str(figure)))
    assert list(exponents) == ["T", "C", "H W", "batch"]
    assert list(points) == [f"{symbol} {value}" for symbol, sizes in scaling.QUICK.sweeps for value in sizes]
    assert all(number(cells[0]) > 0 for cells in points.values())
    with Image.open(figure) as picture:
        assert picture.format == "PNG"


def test_agreement(tmp_path: Path) -> None:
    figure = tmp_path / "agreement.png"
    losses, gradients = tables(run("agreement", "--quick", "--markdown", "--no-bf16", "--figure", str(figure)))
    assert list(losses) == ["plain float64", "plain float32", "fast float32"]
    assert list(gradients) == [
        f"{engine} float32, {when}" for when in ("at the start", "at the end") for engine in ("plain", "fast")
    ]
    for cells in gradients.values():
        assert number(cells[0]) < 1e-4
    assert all(number(losses[name][-1]) < 1e-4 for name in ("plain float32", "fast float32"))
    with Image.open(figure) as picture:
        assert picture.format == "PNG"


def test_evolution() -> None:
    (times,) = tables(run("evolution", "--quick", "--markdown"))
    assert list(times) == [
        f"{name}, {what}" for name in ("tetrominoes", "Multi-MNIST") for what in ("forward", "and gradients")
    ]


def test_breakdown() -> None:
    (step,) = tables(run("breakdown", "--quick", "--markdown", "--no-bf16", "--case", "NWM last, step"))
    assert list(step) == [
        *("encoders", "waves", "readout", "pixel network", "cross-entropy", "pixel network, back", "readout, back"),
        *("waves, back", "encoders, back", "optimiser", "all the rest", "together"),
    ]
    assert sum(number(step[part][0]) for part in step if part != "together") == pytest.approx(
        number(step["together"][0]), abs=0.06
    )
    # the pixel network's products: once forward, twice back
    assert number(step["pixel network, back"][2]) == pytest.approx(2 * number(step["pixel network"][2]), abs=0.002)
    assert number(step["pixel network"][2]) > 0


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (partial(train_step.main, case="transformer"), "--case must be part of one of NWM linear, step"),
        (partial(train_step.main, rounds=0), "--rounds must be at least 1"),
        (partial(train_step.main, batch=0), "--batch must be at least 1"),
        (partial(train_step.main, case="U-Net 4, step", plain=False), "--no-plain leaves nothing of U-Net 4, step"),
        (partial(breakdown.main, case="U-Net 4"), "--case must be part of one of NWM linear, step"),
        (partial(scaling.main, threads=(0,)), "--threads and --repeats must be at least 1"),
        (partial(scaling.main, figure=Path("plot.jpg")), "--figure must end in .png"),
        (partial(agreement.main, side=8), "--side at least 9"),
        (partial(evolution.main, rounds=0), "--rounds must be at least 1"),
    ],
    ids=["case", "rounds", "batch", "no plain", "breakdown", "threads", "figure", "side", "rounds of evolution"],
)
def test_wrong_words_are_refused_before_any_work(
    refused: partial[None], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ending:
        refused()
    assert ending.value.code == 2
    assert message in capsys.readouterr().err


def test_terminal_tables_fit_their_width(capsys: pytest.CaptureFixture[str]) -> None:
    case = CASES[0].tiny()
    times = {variant: [1.25, 12.5] for variant in (PLAIN, FLOAT32, BF16)}
    memory = {variant: Memory(365.0, 12.0, 12345.0) for variant in times}
    measured = [train_step.Measured(case, times, memory, Operations(288_000_000_000, 0), {})]
    rates = Rates(float32=4e11, bfloat16=2e12, bandwidth=2e10)
    grids = [
        train_step.time_grid(measured, 5),
        train_step.memory_grid(measured),
        train_step.floor_grid(measured, rates),
    ]
    show(grids, markdown=False)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 120
    assert "1.0 (1.0-1.0)" in printed
    assert "400 GFLOP/s in float32, 2,000 in bfloat16; 20.0 GB/s" in printed


def test_operations_are_those_counted_by_hand() -> None:
    data = Data(batch=2, in_channels=3, side=24, classes=5)
    fields = {"layers": 2, "width": 4, "hidden_channels": 2, "features_per_channel": 3, "pixel_widths": (8,)}
    first, others = 3 * 4 * 9, 4 * 2 * 9 + 2 * 6 + 6 * 8 + 8 * 5
    evaluation = Case("", "cnn", fields, data, evaluation=True).operations
    assert evaluation == (2 * 2 * 24**2 * (first + others), 0)
    # The images need no gradient, so the first layer is computed twice, the others thrice.
    assert Case("", "cnn", fields, data).operations.total == 2 * 2 * 24**2 * (2 * first + 3 * others)


def test_operations_between_oscillators_are_part_of_all() -> None:
    data = Data(batch=1, in_channels=1, side=32, classes=2)
    fields = {"hidden_channels": 3, "readout": "last", "pixel_widths": (4,), "width": 2}
    few, many = (Case("", "nwm", {**fields, "steps": steps}, data).operations for steps in (3, 7))
    assert few.coupling == 2 * 9 * 3 * 3 * 32**2 * 3 * 3
    assert many.total - few.total == many.coupling - few.coupling


def test_floor_computes_oscillators_in_float32() -> None:
    rates = Rates(float32=10.0, bfloat16=100.0, bandwidth=1.0)
    assert Operations(300, 100).seconds(rates, bf16=False) == 30
    assert Operations(300, 100).seconds(rates, bf16=True) == 2 + 10


def test_the_higher_rate_counts() -> None:
    one, other = Rates(1.0, 5.0, 3.0), Rates(2.0, 4.0, 3.5)
    assert one.best_with(other) == Rates(2.0, 5.0, 3.5)
    assert one.best_with(other._replace(bfloat16=None)).bfloat16 is None


def test_traffic_counts_each_pass_over_the_field() -> None:
    data = Data(batch=2, in_channels=1, side=4, classes=2)
    inputs, field = 2 * 16 * (4 + 8), 2 * 16 * 5 * 3 * 4
    for readout, passes in (("linear", (5, 2)), ("last", (2, 0))):
        case = Case("", "nwm", {"steps": 5, "hidden_channels": 3, "readout": readout}, data)
        assert (case.traffic, case._replace(evaluation=True).traffic) == tuple(inputs + n * field for n in passes)
    assert Case("", "unet", {}, data).traffic == inputs


def test_variants_are_those_a_model_offers() -> None:
    data = Data(1, 1, 16, 2)
    assert Case("", "nwm", {}, data).variants(bf16=True) == [PLAIN, FLOAT32, BF16]
    assert Case("", "unet", {}, data).variants(bf16=False)[0] == PLAIN


def test_memory_is_what_was_touched() -> None:
    """160 MB for a moment, beside 16 that stay."""
    kept = partial(np.ones, 2 << 20)
    memory = in_own_process(measure_memory, partial(np.ones, 20 << 20), tiny=kept)
    assert memory.interpreter > 20
    assert memory.above - memory.start == pytest.approx(160, abs=16)


def test_rates_of_the_machine() -> None:
    threads = torch.get_num_threads()
    rate = product_rate(torch.float32, seconds=0.02)
    assert torch.get_num_threads() == threads
    assert 1e8 < rate < 1e14
    assert 1e7 < bandwidth(megabytes=4) < 1e13
    assert has_fast_bf16() == bool(BF16_INSTRUCTIONS & set(instructions()))
    assert re.search(r"torch \d", description())
