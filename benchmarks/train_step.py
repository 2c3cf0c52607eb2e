"""Time and memory of training steps and predictions: the plain definition beside the fast engine, and the floor.

    python benchmarks/train_step.py                     # all cases, five rounds: a quarter of an hour
    python benchmarks/train_step.py --quick             # tiny sizes, one round: a check that it runs
    python benchmarks/train_step.py --case "NWM linear" --rounds 9 --markdown
    python benchmarks/train_step.py --case "Multi-MNIST NWM, step" --batch 64 --no-plain

A step is the loss, its gradients and Adam; an evaluation is ``predict``. Plain, float32 and bf16 alternate in one
process, after a round to warm up; a ratio is the median over rounds, plain over fast, with its range. Memory is the
peak of a process of its own after two steps, above what it had before the first.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from typing import NamedTuple

from drumhead.report.tables.score_tables import DASH
from drumhead.report.tables.text_table import TextTable
from machine import Rates, has_fast_bf16, measure_rates
from memory import Memory, in_own_process, measure_memory
from terminal import call, progress, refuse, seconds, show, spread
from workloads import BF16, FLOAT32, PLAIN, Case, Data, Goal, Operations, Variant, Work

TETROMINOES = Data(batch=64, in_channels=3, side=64, classes=6)
MULTI_MNIST = Data(batch=8, in_channels=1, side=128, classes=11)
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
"""The paper's models at its sizes; tetrominoes 64 at a time, Multi-MNIST 8: plain torch needs 12 GB for those."""

EVALUATION_GOAL = Goal(3.5, 6.5, 25)
"""Of every NWM."""

CASES = [case._replace(name=f"{case.name}, step") for case in STEPS] + [
    case._replace(
        name=f"{case.name}, evaluation", evaluation=True, goal=EVALUATION_GOAL if case.model == "nwm" else None
    )
    for case in STEPS
]


class Measured(NamedTuple):
    """What was measured of a case."""

    case: Case
    times: dict[Variant, list[float]]
    """Seconds, round by round, of the variants that run."""
    memory: dict[Variant, Memory]
    operations: Operations
    refusals: dict[Variant, str]
    """Why the other variants do not run."""


def main(
    quick: bool = False,
    case: str = "",
    rounds: int = 5,
    batch: int | None = None,
    plain: bool = True,
    bf16: bool = has_fast_bf16(),
    markdown: bool = False,
) -> None:
    """Measure training steps and predictions, plain and fast.

    Args:
        quick: tiny sizes, one round: a check that it runs, whose numbers mean nothing.
        case: only cases whose name holds this, as "Multi-MNIST" or "evaluation".
        rounds: rounds that count, after one to warm up.
        batch: images in a batch, instead of those of each case.
        plain: measure the plain definition too; without it there is nothing to compare with, but it takes the most
            memory and time.
        bf16: measure products in bfloat16 too; by default if the processor has instructions for them.
        markdown: print tables as Markdown.
    """
    chosen = [each for each in CASES if case in each.name]
    if not chosen:
        refuse(f"--case must be part of one of {', '.join(each.name for each in CASES)}; got {case!r}")
    if not plain and not all(each.has_engines for each in chosen):
        refuse(f"--no-plain leaves nothing of {', '.join(each.name for each in chosen if not each.has_engines)}")
    for name, number in (("rounds", rounds), ("batch", batch)):
        if number is not None and number < 1:
            refuse(f"--{name} must be at least 1; got {number}")
    if batch is not None:
        chosen = [each._replace(data=each.data._replace(batch=batch)) for each in chosen]
    if quick:
        chosen, rounds = [each.tiny() for each in chosen], 1
    with progress().status("rates of the machine") as status:
        rates = measure_rates(bf16=bf16, quick=quick)
        measured = [measure(each, rounds=rounds, plain=plain, bf16=bf16, tell=status.update) for each in chosen]
        status.update("rates of the machine, once more")
        rates = rates.best_with(measure_rates(bf16=bf16, quick=quick))
    show([time_grid(measured, rounds), memory_grid(measured), floor_grid(measured, rates)], markdown=markdown)


def measure(case: Case, *, rounds: int, plain: bool, bf16: bool, tell: Callable[[str], None]) -> Measured:
    """Time and memory of a case by each of its variants.

    Time first: it leaves compiled kernels on disk, so that no compiler counts as memory.
    """
    works: dict[Variant, Work] = {}
    refusals: dict[Variant, str] = {}
    for variant in case.variants(plain=plain, bf16=bf16):
        tell(f"{case.name}: {variant.name}, warming up")
        work = Work(case, variant)
        try:
            work()
        except ValueError as error:
            refusals[variant] = str(error)
        else:
            works[variant] = work
    times: dict[Variant, list[float]] = {variant: [] for variant in works}
    for number in range(rounds):
        tell(f"{case.name}: round {number + 1} of {rounds}")
        for variant, work in works.items():
            times[variant].append(work.seconds())
    memory = {}
    for variant in works:
        tell(f"{case.name}: memory of {variant.name}")
        memory[variant] = in_own_process(step_memory, case, variant)
    return Measured(case, times, memory, case.operations, refusals)


def step_memory(case: Case, variant: Variant) -> Memory:
    """Memory of two steps in this process."""
    work, tiny = Work(case, variant), Work(case.tiny(), variant)

    def two_steps() -> None:
        work()
        work()

    return measure_memory(two_steps, tiny=tiny)


def time_grid(measured: list[Measured], rounds: int) -> TextTable:
    """Seconds of each variant, and how many times faster than plain the fast ones are."""
    head = ["case", "plain\ns"]
    for name in (FLOAT32.name, BF16.name):
        head += [f"{name}\ns", "times faster\n(range)", "goal"]
    notes = [f"Medians, rounds: {rounds}. Times faster: plain over fast, round by round."]
    body = []
    for case, times, _, _, refusals in measured:
        row = [case.name, seconds(statistics.median(times[PLAIN])) if PLAIN in times else DASH]
        for variant in (FLOAT32, BF16):
            goal = DASH if case.goal is None else f"{getattr(case.goal, variant.name):.1f}"
            if variant not in times:
                row += ["refused" if variant in refusals else DASH, DASH, goal]
                continue
            ratios = [plain / fast for plain, fast in zip(times.get(PLAIN, []), times[variant], strict=False)]
            row += [seconds(statistics.median(times[variant])), spread(ratios) if ratios else DASH, goal]
        body.append(row)
    reasons = {(variant.name, reason) for each in measured for variant, reason in each.refusals.items()}
    notes += [f"{name} is refused: {reason}." for name, reason in sorted(reasons)]
    return TextTable(head, body, notes, title="Time")


def memory_grid(measured: list[Measured]) -> TextTable:
    """Peak memory above the interpreter, and the part of plain's that the fast variants need."""
    head = ["case", "interpreter\nMB", "plain\nMB", "float32\nMB", "of plain", "bf16\nMB", "of plain", "goal"]
    body = []
    for case, _, memory, _, _ in measured:
        plain = memory.get(PLAIN)
        row = [
            case.name,
            f"{next(iter(memory.values())).interpreter:.0f}",
            DASH if plain is None else f"{plain.above:.0f}",
        ]
        for variant in (FLOAT32, BF16):
            fast = memory.get(variant)
            row.append(DASH if fast is None else f"{fast.above:.0f}")
            row.append(DASH if fast is None or plain is None else f"1/{plain.above / max(fast.above, 1):.1f}")
        body.append([*row, DASH if case.goal is None else f"1/{case.goal.memory}"])
    starts = {
        variant.name: max(each.memory[variant].start for each in measured if variant in each.memory)
        for variant in dict.fromkeys(variant for each in measured for variant in each.memory)
    }
    notes = [
        "Peaks of processes of their own, above the interpreter with modules, model and data. MB are 2^20 bytes. "
        "Compiled kernels and libraries, which two tiny images need as well, are part of it: at most "
        f"{', '.join(f'{megabytes:.0f} MB of {name}' for name, megabytes in starts.items())}."
    ]
    return TextTable(head, body, notes, title="Memory")


def floor_grid(measured: list[Measured], rates: Rates) -> TextTable:
    """What any way of computing a case must do at this machine's best rates, and how far above that it is."""
    head = ["case", "GFLOP", "products\nfloat32, s", "products\nbf16, s", "GB", "traffic\ns"]
    head += ["float32\nover floor", "bf16\nover floor"]
    body = []
    for case, times, _, operations, _ in measured:
        traffic = case.traffic / rates.bandwidth
        products = [operations.seconds(rates, bf16=False)]
        products += [] if rates.bfloat16 is None else [operations.seconds(rates, bf16=True)]
        fast = [times.get(FLOAT32) or times[PLAIN], times.get(BF16)]
        over = [
            statistics.median(taken) / max(least, traffic)
            for taken, least in zip(fast, products, strict=False)
            if taken is not None
        ]
        body.append(
            [
                case.name,
                f"{operations.total / 1e9:.3g}",
                *_filled(2, map(seconds, products)),
                f"{case.traffic / 1e9:.2g}",
                seconds(traffic),
                *_filled(2, (f"{ratio:.2f}" for ratio in over)),
            ]
        )
    notes = [
        f"At {rates}, measured before and after, the higher counts. The floor is the longer of two times: that of all "
        "products, and that of inputs and states through memory, a field stored once. A model without a fast engine is "
        "measured as plain in float32."
    ]
    return TextTable(head, body, notes, title="Floor")


def _filled(length: int, cells: Iterable[str]) -> list[str]:
    """These cells, and dashes up to a length."""
    return [*cells, *[DASH] * length][:length]


if __name__ == "__main__":
    call(main)
