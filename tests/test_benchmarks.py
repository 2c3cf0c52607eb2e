"""Benchmarks run, their tables have every case, and their own calculations are correct."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.report.toy_runs import toy_run

import agreement
import breakdown
import drum_view
import evolution
import network_waves
import scaling
import train_step
import viewer
import wave_speed
import waves
from command_line import print_tables
from drumhead.data import TetrominoConfig, make_dataset
from drumhead.fields import evolve, laplacian
from drumhead.runs import DataRecord
from drumhead.waves import States
from machine import (
    BF16_INSTRUCTION_SETS,
    Rates,
    describe_machine,
    has_fast_bf16,
    instruction_sets,
    matmul_rate,
    memory_bandwidth,
)
from memory import Memory, in_new_process, measure_memory
from train_step import CASES
from workloads import BF16, FLOAT32, PLAIN, BatchShape, Case, Operations

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def run(name: str, *args: str) -> str:
    """Run a benchmark and return what it prints."""
    result = subprocess.run([sys.executable, str(BENCHMARKS / f"{name}.py"), *args], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def parse_tables(markdown: str) -> list[dict[str, list[str]]]:
    """Return the tables in a text: the cells of each row by the name of the row."""
    tables = []
    for block in markdown.split("\n\n"):
        if block.startswith("| "):
            _, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
            tables.append({name: cells for name, *cells in rows})
    return tables


def number(cell: str) -> float:
    return float(cell.split(" ")[0])


def check_train_step(markdown: str, cases: list[Case]) -> None:
    assert markdown.startswith(describe_machine().split(";")[0])
    assert "float32" in markdown
    times, memory, bounds = parse_tables(markdown)
    assert list(times) == list(memory) == list(bounds) == [case.name for case in cases]
    for case in cases:
        goal = "-" if case.goal is None else f"1/{case.goal.memory}"
        assert memory[case.name][-1] == goal
        assert number(times[case.name][0]) > 0
        assert number(bounds[case.name][0]) > 0
        assert (times[case.name][1] == "-") == (not case.has_engines)


def test_train_step() -> None:
    name = "U-Net 4, evaluation"  # the quickest
    check_train_step(
        run("train_step", "--quick", "--markdown", "--case", name, "--no-bf16"),
        [case for case in CASES if case.name == name],
    )


def test_train_step_has_tables_for_a_gpu() -> None:
    name = "U-Net 4, evaluation"
    times, memory = parse_tables(run("train_step", "--device", "cpu", "--quick", "--markdown", "--case", name))
    assert list(times) == list(memory) == [name]
    assert all(number(cell) > 0 for cell in times[name])


@pytest.mark.slow
def test_gpu_visit_goes_through_all_its_parts_on_a_cpu(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHON": sys.executable, "OUT": str(tmp_path / "out"), "WHEELS": str(tmp_path / "no")}
    command = ["bash", str(BENCHMARKS / "gpu_visit.sh"), "--dry-run"]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    for part in ("tests on the GPU", "agreement with float64", "training steps", "a short training"):
        assert f"== {part}" in result.stdout
    assert "did not finish" not in result.stdout
    assert (tmp_path / "out" / "short" / "scores.json").is_file()


@pytest.mark.slow
def test_train_step_has_every_case() -> None:
    check_train_step(run("train_step", "--quick", "--markdown", "--bf16"), CASES)


def test_network_waves_measures_a_ring_on_a_field_without_stiffness() -> None:
    y0 = torch.zeros(1, 1, 24, 24)
    y0[..., 8:11, 12:15] = 1
    zero, coupling = torch.zeros_like(y0), 4 * laplacian(1)  # waves of speed 2
    frames = evolve(y0, zero, zero, coupling, dt=0.1, steps=60, nonlinearity="linear")
    hidden = States(
        values=frames.numpy(),
        samples=(3,),
        dt=0.1,
        time_unit="unit of time",
        boundary="circular",
        run="ring",
        model="nwm",
        split="test",
        initial=y0.numpy(),
        omega=zero.numpy(),
        alpha=zero.numpy(),
        coupling=coupling.numpy(),
    )
    cells = dict(zip(network_waves.HEADINGS, network_waves.row(hidden, 0, np.random.default_rng(0)), strict=True))
    assert (cells["network"], cells["channel"], cells["median stiffness"]) == ("ring", "0", "0")
    assert float(cells["fastest small waves"]) == pytest.approx(2, rel=0.02)
    assert 0 < float(cells["PGD (chance)"].split()[0]) < 0.3


def test_wave_speed_compares_the_reach_of_waves_with_the_length_of_pieces(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boards = make_dataset(
        TetrominoConfig(canvas=24, cell=5, max_pieces=2, train=1, val=1, test=8, seed=0), tmp_path / "data"
    )
    finished = toy_run(tmp_path / "run", "tetrominoes-nwm-linear", DataRecord.from_dataset(boards), score=0.6)
    wave_speed.main((finished.folder,), figure=tmp_path / "speed.png", markdown=True)
    (rows,) = parse_tables(capsys.readouterr().out)
    cell = finished.config.experiment.dataset.cell  # type: ignore[union-attr]
    cells = dict(zip(wave_speed.HEADINGS[1:], rows[str(cell)], strict=True))
    # The paper's waves start with 1 pixel per unit of time; this toy takes six steps of 0.1.
    assert float(cells["reach at start"]) == pytest.approx(0.6)
    assert float(cells["reach / piece"]) == pytest.approx(0.6 / (4 * cell), abs=0.005)
    assert float(cells["fastest waves after training"]) == pytest.approx(1, abs=0.05)  # it was not trained
    assert cells["test IoU fg"] == "0.429"  # an accuracy of 0.6 is an IoU of 0.6 / (2 - 0.6)
    with Image.open(tmp_path / "speed.png") as picture:
        assert picture.format == "PNG"


@pytest.mark.slow
def test_waves_has_every_stage() -> None:
    costs, growth = parse_tables(run("waves", "--quick", "--markdown", "--surrogates", "2"))
    assert list(costs)[:-2] == list(growth) == waves.STAGES
    assert list(costs)[-2] == "all but the flow"
    assert all(float(cell) >= 0 for row in costs.values() for cell in row)


@pytest.mark.slow
def test_scaling_has_every_point(tmp_path: Path) -> None:
    figure = tmp_path / "scaling.png"
    exponents, points = parse_tables(run("scaling", "--quick", "--markdown", "--figure", str(figure)))
    assert list(exponents) == ["T", "C", "H W", "batch"]
    assert list(points) == [f"{symbol} {value}" for symbol, sizes in scaling.QUICK.sweeps for value in sizes]
    assert all(number(cells[0]) > 0 for cells in points.values())
    with Image.open(figure) as picture:
        assert picture.format == "PNG"


def test_agreement(tmp_path: Path) -> None:
    figure = tmp_path / "agreement.png"
    losses, gradients = parse_tables(run("agreement", "--quick", "--markdown", "--no-bf16", "--figure", str(figure)))
    assert list(losses) == ["plain float64", "plain float32", "fused float32"]
    assert list(gradients) == [
        f"{engine} float32, {when}" for when in ("at the start", "at the end") for engine in ("plain", "fused")
    ]
    for cells in gradients.values():
        assert number(cells[0]) < 1e-4
    assert all(number(losses[name][-1]) < 1e-4 for name in ("plain float32", "fused float32"))
    with Image.open(figure) as picture:
        assert picture.format == "PNG"


@pytest.mark.slow
def test_evolution() -> None:
    (times,) = parse_tables(run("evolution", "--quick", "--markdown"))
    assert list(times) == [
        f"{name}, {what}" for name in ("tetrominoes", "Multi-MNIST") for what in ("forward", "forward and backward")
    ]


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, viewer.PROGRAMS)), reason="there is no chromium on PATH")
def test_viewer() -> None:
    times, differences = parse_tables(run("viewer", "--quick", "--markdown"))
    assert list(times) == list(differences) == list(viewer.NETWORKS)
    assert all(float(cells[0]) > 0 for cells in times.values())
    assert all(float(cells[2]) < 1e-4 for cells in differences.values())


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, viewer.PROGRAMS)), reason="there is no chromium on PATH")
def test_drum_view() -> None:
    (speeds,) = parse_tables(run("drum_view", "--quick", "--markdown"))
    assert list(speeds) == ["isospectral-1"]
    assert set(speeds) <= set(drum_view.SHAPES)
    assert all(float(cell) > 0 for cell in speeds["isospectral-1"][1:])


@pytest.mark.slow
def test_breakdown() -> None:
    (step,) = parse_tables(run("breakdown", "--quick", "--markdown", "--no-bf16", "--case", "NWM last, step"))
    assert list(step) == [
        *("encoders", "waves", "readout", "pixel MLP", "cross-entropy", "pixel MLP, backward", "readout, backward"),
        *("waves, backward", "encoders, backward", "optimiser", "other", "total"),
    ]
    parts = sum(number(step[part][0]) for part in step if part != "total")
    assert parts == pytest.approx(number(step["total"][0]), abs=0.06)
    # The pixel MLP has twice as many products in the backward pass.
    assert number(step["pixel MLP, backward"][2]) == pytest.approx(2 * number(step["pixel MLP"][2]), abs=0.002)
    assert number(step["pixel MLP"][2]) > 0


@pytest.mark.parametrize(
    ("call", "message"),
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
        (partial(viewer.main, runs=0), "--runs must be at least 1"),
    ],
    ids=[
        "case",
        "rounds",
        "batch",
        "no plain",
        "breakdown",
        "threads",
        "figure",
        "side",
        "rounds of evolution",
        "runs",
    ],
)
def test_wrong_arguments_are_refused_before_any_work(
    call: partial[None], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as error:
        call()
    assert error.value.code == 2
    assert message in capsys.readouterr().err


def test_terminal_tables_fit_their_width(capsys: pytest.CaptureFixture[str]) -> None:
    case = CASES[0].tiny()
    times = {variant: [1.25, 12.5] for variant in (PLAIN, FLOAT32, BF16)}
    memory = {variant: Memory(365.0, 12.0, 12345.0) for variant in times}
    measurements = [train_step.Measurement(case, times, memory, Operations(288_000_000_000, 0), {})]
    rates = Rates(float32=4e11, bfloat16=2e12, bandwidth=2e10)
    tables = [
        train_step.time_table(measurements, 5),
        train_step.memory_table(measurements),
        train_step.lower_bound_table(measurements, rates),
    ]
    print_tables(tables, markdown=False)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 120
    assert "1.0 (1.0-1.0)" in printed
    assert "400 GFLOP/s in float32, 2,000 in bfloat16; 20.0 GB/s" in printed


def test_operations_are_those_counted_by_hand() -> None:
    shape = BatchShape(batch=2, in_channels=3, side=24, classes=5)
    fields = {"layers": 2, "width": 4, "hidden_channels": 2, "features_per_channel": 3, "pixel_widths": (8,)}
    first, others = 3 * 4 * 9, 4 * 2 * 9 + 2 * 6 + 6 * 8 + 8 * 5
    evaluation = Case("", "cnn", fields, shape, evaluation=True).operations
    assert evaluation == (2 * 2 * 24**2 * (first + others), 0)
    # The images need no gradient, so the first layer has two products and the others have three.
    assert Case("", "cnn", fields, shape).operations.total == 2 * 2 * 24**2 * (2 * first + 3 * others)


def test_operations_of_the_coupling_are_part_of_the_total() -> None:
    shape = BatchShape(batch=1, in_channels=1, side=32, classes=2)
    fields = {"hidden_channels": 3, "readout": "last", "pixel_widths": (4,), "width": 2}
    few, many = (Case("", "nwm", {**fields, "steps": steps}, shape).operations for steps in (3, 7))
    assert few.coupling == 2 * 9 * 3 * 3 * 32**2 * 3 * 3
    assert many.total - few.total == many.coupling - few.coupling


def test_lower_bound_has_the_coupling_in_float32() -> None:
    rates = Rates(float32=10.0, bfloat16=100.0, bandwidth=1.0)
    assert Operations(300, 100).seconds(rates, bf16=False) == 30
    assert Operations(300, 100).seconds(rates, bf16=True) == 2 + 10


def test_the_higher_rate_counts() -> None:
    first, second = Rates(1.0, 5.0, 3.0), Rates(2.0, 4.0, 3.5)
    assert first.maximum(second) == Rates(2.0, 5.0, 3.5)
    assert first.maximum(second._replace(bfloat16=None)).bfloat16 is None


def test_traffic_counts_each_pass_over_the_field() -> None:
    shape = BatchShape(batch=2, in_channels=1, side=4, classes=2)
    inputs, field = 2 * 16 * (4 + 8), 2 * 16 * 5 * 3 * 4
    for readout, passes in (("linear", (5, 2)), ("last", (2, 0))):
        case = Case("", "nwm", {"steps": 5, "hidden_channels": 3, "readout": readout}, shape)
        assert (case.traffic, case._replace(evaluation=True).traffic) == tuple(inputs + n * field for n in passes)
    assert Case("", "unet", {}, shape).traffic == inputs


def test_variants_are_those_a_model_has() -> None:
    shape = BatchShape(1, 1, 16, 2)
    assert Case("", "nwm", {}, shape).variants(bf16=True) == [PLAIN, FLOAT32, BF16]
    assert Case("", "unet", {}, shape).variants(bf16=False)[0] == PLAIN


def test_memory_is_what_was_touched() -> None:
    """A computation that allocates 160 MB, after a tiny one that allocates 16 MB."""
    memory = in_new_process(measure_memory, partial(np.ones, 20 << 20), tiny=partial(np.ones, 2 << 20))
    assert memory.interpreter > 20
    assert memory.peak - memory.fixed == pytest.approx(160, abs=16)


def test_rates_of_the_machine() -> None:
    threads = torch.get_num_threads()
    rate = matmul_rate(torch.float32, seconds=0.02)
    assert torch.get_num_threads() == threads
    assert 1e8 < rate < 1e14
    assert 1e7 < memory_bandwidth(megabytes=4) < 1e13
    assert has_fast_bf16() == bool(BF16_INSTRUCTION_SETS & set(instruction_sets()))
    assert re.search(r"torch \d", describe_machine())
