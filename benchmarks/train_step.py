"""Time and memory of training steps and evaluations: the plain engine, the fused engine, and a lower bound.

    python benchmarks/train_step.py                     # all cases, five rounds: a quarter of an hour
    python benchmarks/train_step.py --quick             # tiny sizes, one round: only checks that it runs
    python benchmarks/train_step.py --case "NWM linear" --rounds 9 --markdown
    python benchmarks/train_step.py --device cuda --rounds 20      # on a GPU: other tables, see gpu_steps.py
    python benchmarks/train_step.py --case "Multi-MNIST NWM, step" --batch 64 --no-plain

A step is the loss, its gradients and an Adam update; an evaluation is ``predict``. Plain, fused float32 and fused bf16
alternate in one process, after one round to warm up. A ratio is the median over rounds of plain time over fused time,
with its range. Memory is the peak of a new process after two steps, above what it used before the first. The lower
bound (roofline) is what the operations or the memory traffic take at the machine's peak rates.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch

from command_line import format_ratios, format_seconds, print_tables, progress_console, run_benchmark, usage_error
from drumhead.report.tables.score_tables import DASH
from drumhead.report.tables.text_table import TextTable
from gpu_steps import gpu_tables, measure_case, measure_gpu_rates
from machine import Rates, has_fast_bf16, measure_rates
from memory import Memory, in_new_process, measure_memory
from workloads import BF16, FLOAT32, PLAIN, BatchShape, Case, Goal, Operations, Variant, Workload

TETROMINOES = BatchShape(batch=64, in_channels=3, side=64, classes=6)
MULTI_MNIST = BatchShape(batch=8, in_channels=1, side=128, classes=11)
MULTI_MNIST_NWM = {"hidden_channels": 16, "pixel_widths": (32,) * 5}

STEPS = [
    Case("NWM linear", "nwm", {"readout": "linear"}, TETROMINOES, Goal(4.5, 8.5, 25)),
    Case("NWM last", "nwm", {"readout": "last"}, TETROMINOES, Goal(4.5, 8.0, 25)),
    Case("NWM fft", "nwm", {"readout": "fft"}, TETROMINOES, Goal(4.5, 8.0, 25)),
    Case("Multi-MNIST NWM", "nwm", MULTI_MNIST_NWM, MULTI_MNIST, Goal(4.0, 5.0, 8)),
    Case("LSTM", "conv_lstm", {}, TETROMINOES, Goal(2.0, 3.0, 4)),
    Case("CNN 16", "cnn", {"layers": 16}, TETROMINOES),
    Case("U-Net 4", "unet", {"width": 4}, TETROMINOES),
]
"""Training steps of the paper's models at its sizes, in batches of 64 for tetrominoes and of 8 for Multi-MNIST, where
plain torch needs 12 GB."""

EVALUATION_GOAL = Goal(3.5, 6.5, 25)
"""The goal of every NWM."""

CASES = [case._replace(name=f"{case.name}, step") for case in STEPS] + [
    case._replace(
        name=f"{case.name}, evaluation", evaluation=True, goal=EVALUATION_GOAL if case.model == "nwm" else None
    )
    for case in STEPS
]


class Measurement(NamedTuple):
    """The measurements of one case."""

    case: Case
    times: dict[Variant, list[float]]
    """Seconds of each round, for each variant that runs."""
    memory: dict[Variant, Memory]
    operations: Operations
    unsupported: dict[Variant, str]
    """The reasons why the other variants do not run."""


def main(
    quick: bool = False,
    case: str = "",
    rounds: int = 5,
    batch: int | None = None,
    plain: bool = True,
    bf16: bool = has_fast_bf16(),
    markdown: bool = False,
    device: str = "",
) -> None:
    """Measure training steps and evaluations with the plain and the fused engine.

    Args:
        quick: use tiny sizes and one round, to check that the benchmark runs; the numbers mean nothing.
        case: measure only cases whose name contains this text, such as "Multi-MNIST" or "evaluation".
        rounds: the number of timed rounds, after one to warm up.
        batch: the number of images in a batch; by default each case has its own.
        plain: also measure the plain engine; it takes the most memory and time, but without it there are no ratios.
        bf16: also measure products in bfloat16; by default if the processor has instructions for them.
        markdown: print the tables as Markdown.
        device: make the tables for a GPU on this device: cuda, or cpu to check that they can be made. There is no
            --no-plain then, and --no-bf16 has no effect.
    """
    cases = [each for each in CASES if case in each.name]
    if not cases:
        usage_error(f"--case must be part of one of {', '.join(each.name for each in CASES)}; got {case!r}")
    if not plain and not all(each.has_engines for each in cases):
        usage_error(f"--no-plain leaves nothing of {', '.join(each.name for each in cases if not each.has_engines)}")
    for name, number in (("rounds", rounds), ("batch", batch)):
        if number is not None and number < 1:
            usage_error(f"--{name} must be at least 1; got {number}")
    if batch is not None:
        cases = [each._replace(shape=each.shape._replace(batch=batch)) for each in cases]
    if quick:
        cases, rounds = [each.tiny() for each in cases], 1
    if device:
        tables = measure_on_gpu(cases, rounds=rounds, quick=quick, device=torch.device(device))
        print_tables(tables, markdown=markdown)
        return
    with progress_console().status("peak rates of the machine") as status:
        rates = measure_rates(bf16=bf16, quick=quick)
        measurements = [
            measure(each, rounds=rounds, plain=plain, bf16=bf16, on_progress=status.update) for each in cases
        ]
        status.update("peak rates of the machine, once more")
        rates = rates.maximum(measure_rates(bf16=bf16, quick=quick))
    tables = [time_table(measurements, rounds), memory_table(measurements), lower_bound_table(measurements, rates)]
    print_tables(tables, markdown=markdown)


def measure_on_gpu(cases: list[Case], *, rounds: int, quick: bool, device: torch.device) -> list[TextTable]:
    """Return the tables of time and memory on a GPU."""
    with progress_console().status("peak rates of the GPU") as status:
        rates = measure_gpu_rates(device, quick=quick)
        measurements = []
        for each in cases:
            measurements.append(measure_case(each, rounds=rounds, device=device, on_progress=status.update))
            print(measurements[-1], file=sys.stderr)  # so that a visit that is cut short leaves numbers
    return gpu_tables(measurements, rates, rounds=rounds)


def measure(case: Case, *, rounds: int, plain: bool, bf16: bool, on_progress: Callable[[str], None]) -> Measurement:
    """Measure time and memory of a case with each of its variants.

    Time comes first because it leaves compiled kernels on disk, so that the compiler does not count as memory.
    """
    workloads: dict[Variant, Workload] = {}
    unsupported: dict[Variant, str] = {}
    for variant in case.variants(plain=plain, bf16=bf16):
        on_progress(f"{case.name}: {variant.name}, warming up")
        workload = Workload(case, variant)
        try:
            workload()
        except ValueError as error:
            unsupported[variant] = str(error)
        else:
            workloads[variant] = workload
    times: dict[Variant, list[float]] = {variant: [] for variant in workloads}
    for number in range(rounds):
        on_progress(f"{case.name}: round {number + 1} of {rounds}")
        for variant, workload in workloads.items():
            times[variant].append(workload.seconds())
    memory = {}
    for variant in workloads:
        on_progress(f"{case.name}: memory of {variant.name}")
        memory[variant] = in_new_process(step_memory, case, variant)
    return Measurement(case, times, memory, case.operations, unsupported)


def step_memory(case: Case, variant: Variant) -> Memory:
    """Measure the memory of two steps in this process."""
    workload, tiny = Workload(case, variant), Workload(case.tiny(), variant)

    def two_steps() -> None:
        workload()
        workload()

    return measure_memory(two_steps, tiny=tiny)


def time_table(measurements: list[Measurement], rounds: int) -> TextTable:
    """Return a table with the seconds of each variant, and the speed-up of the fused ones over plain."""
    head = ["case", "plain\ns"]
    for name in (FLOAT32.name, BF16.name):
        head += [f"{name}\ns", "times faster\n(range)", "goal"]
    notes = [f"Medians, rounds: {rounds}. Times faster: plain time over fused time, round by round."]
    body = []
    for case, times, _, _, unsupported in measurements:
        row = [case.name, format_seconds(statistics.median(times[PLAIN])) if PLAIN in times else DASH]
        for variant in (FLOAT32, BF16):
            goal = DASH if case.goal is None else f"{getattr(case.goal, variant.name):.1f}"
            if variant not in times:
                row += ["unsupported" if variant in unsupported else DASH, DASH, goal]
                continue
            ratios = [plain / fused for plain, fused in zip(times.get(PLAIN, []), times[variant], strict=False)]
            median = statistics.median(times[variant])
            row += [format_seconds(median), format_ratios(ratios) if ratios else DASH, goal]
        body.append(row)
    reasons = {(variant.name, reason) for each in measurements for variant, reason in each.unsupported.items()}
    notes += [f"{name} is not supported: {reason}." for name, reason in sorted(reasons)]
    return TextTable(head, body, notes, title="Time")


def memory_table(measurements: list[Measurement]) -> TextTable:
    """Return a table with the peak memory above the interpreter, also as a fraction of plain's."""
    head = ["case", "interpreter\nMB", "plain\nMB", "float32\nMB", "of plain", "bf16\nMB", "of plain", "goal"]
    body = []
    for case, _, memory, _, _ in measurements:
        plain = memory.get(PLAIN)
        row = [
            case.name,
            f"{next(iter(memory.values())).interpreter:.0f}",
            DASH if plain is None else f"{plain.peak:.0f}",
        ]
        for variant in (FLOAT32, BF16):
            fused = memory.get(variant)
            row.append(DASH if fused is None else f"{fused.peak:.0f}")
            row.append(DASH if fused is None or plain is None else f"1/{plain.peak / max(fused.peak, 1):.1f}")
        body.append([*row, DASH if case.goal is None else f"1/{case.goal.memory}"])
    fixed = {
        variant.name: max(each.memory[variant].fixed for each in measurements if variant in each.memory)
        for variant in dict.fromkeys(variant for each in measurements for variant in each.memory)
    }
    notes = [
        "Each number is the peak of a new process above the interpreter with modules, model and data, in MB of 2^20 "
        "bytes. It includes compiled kernels and libraries, which two tiny images need as well: at most "
        f"{', '.join(f'{megabytes:.0f} MB for {name}' for name, megabytes in fixed.items())}."
    ]
    return TextTable(head, body, notes, title="Memory")


def lower_bound_table(measurements: list[Measurement], rates: Rates) -> TextTable:
    """Return a table with the lower bound on the time of a case, and the measured time over that bound."""
    head = ["case", "GFLOP", "products\nfloat32, s", "products\nbf16, s", "GB", "traffic\ns"]
    head += ["float32 over\nlower bound", "bf16 over\nlower bound"]
    body = []
    for case, times, _, operations, _ in measurements:
        traffic = case.traffic / rates.bandwidth
        products = [operations.seconds(rates, bf16=False)]
        products += [] if rates.bfloat16 is None else [operations.seconds(rates, bf16=True)]
        rounds = [times.get(FLOAT32) or times[PLAIN], times.get(BF16)]
        ratios = [
            statistics.median(seconds) / max(bound, traffic)
            for seconds, bound in zip(rounds, products, strict=False)
            if seconds is not None
        ]
        body.append(
            [
                case.name,
                f"{operations.total / 1e9:.3g}",
                *_padded(map(format_seconds, products), 2),
                f"{case.traffic / 1e9:.2g}",
                format_seconds(traffic),
                *_padded((f"{ratio:.2f}" for ratio in ratios), 2),
            ]
        )
    notes = [
        f"Peak rates: {rates}, the higher of two measurements, before and after. The lower bound is the longer of two "
        "times: that of all products, and that of moving inputs and states through memory, a field stored once. A "
        "model without a fused engine is measured with plain in float32."
    ]
    return TextTable(head, body, notes, title="Lower bound")


def _padded(cells: Iterable[str], length: int) -> list[str]:
    """Return the cells, with dashes added up to a length."""
    return [*cells, *[DASH] * length][:length]


if __name__ == "__main__":
    run_benchmark(main)
