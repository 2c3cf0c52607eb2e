"""Time of each part of an NWM's training step or evaluation with the fused engine, on one thread.

    python benchmarks/breakdown.py                                  # all steps and evaluations: some minutes
    python benchmarks/breakdown.py --case "NWM last" --markdown
    python benchmarks/breakdown.py --quick                          # tiny sizes: only checks that it runs

The methods that make up a step are timed inside the same step that users run, on one thread, so that the times add up.
torch counts the operations of matrix products; those of the compiled waves are computed from the sizes.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

import torch
from torch.utils.flop_counter import FlopCounterMode

from command_line import print_tables, progress_console, run_benchmark, usage_error
from drumhead.fields.cpu.wave import WaveKernel
from drumhead.models import NWM, fused_segmenter
from drumhead.models.cpu import products
from drumhead.models.cpu.image_pass import ImagePass
from drumhead.models.cpu.layers import LayersKernel
from drumhead.models.cpu.wave_states import WaveStates
from drumhead.report.tables.score_tables import DASH
from drumhead.report.tables.text_table import TextTable
from machine import has_fast_bf16, matmul_rate
from train_step import CASES
from workloads import BF16, FLOAT32, Case, Variant, Workload

OTHER = "other"


class Part(NamedTuple):
    """A part of a step: the calls of a method, without the calls of other parts inside them."""

    name: str
    owner: type
    method: str


PARTS = [
    Part("encoders", NWM, "encode"),
    Part("waves", WaveKernel, "forward_image"),
    Part("readout", ImagePass, "consume"),
    Part("pixel MLP", LayersKernel, "activations"),
    Part("cross-entropy", ImagePass, "loss"),
    Part("argmax", ImagePass, "write_classes"),
    Part("pixel MLP, backward", LayersKernel, "backward"),
    Part("readout, backward", ImagePass, "write_gradient"),
    Part("waves, backward", WaveKernel, "backward_image"),
    Part("encoders, backward", WaveStates, "gradients"),
    Part("optimiser", torch.optim.Adam, "step"),
    Part(OTHER, Workload, "__call__"),
]
"""All parts of a step; the last has everything that is in no other."""

WAVES = ("waves", "waves, backward")
"""The parts that are compiled, so that torch does not see their operations. The backward pass has three convolutions:
one that recomputes the coupling's force, one with the transposed kernels, and one for the gradient of the coupling."""


class Breakdown(NamedTuple):
    """The measurements of a case, on one thread."""

    case: Case
    variant: Variant
    seconds: dict[str, float]
    """Seconds per image, by the name of the part."""
    operations: dict[str, float]
    """Multiplications and additions in products per image, by the name of the part."""


def main(
    quick: bool = False, case: str = "NWM", rounds: int = 5, bf16: bool = has_fast_bf16(), markdown: bool = False
) -> None:
    """Measure the time of each part of an NWM's step with the fused engine.

    Args:
        quick: use tiny sizes and one round, to check that the benchmark runs; the numbers mean nothing.
        case: measure only steps and evaluations of an NWM whose name contains this text.
        rounds: the number of timed rounds, after one to warm up; the tables have medians.
        bf16: also measure products in bfloat16; by default if the processor has instructions for them.
        markdown: print the tables as Markdown.
    """
    nwm_cases = [each for each in CASES if each.model == "nwm"]
    cases = [each for each in nwm_cases if case in each.name]
    if not cases:
        usage_error(f"--case must be part of one of {', '.join(each.name for each in nwm_cases)}; got {case!r}")
    if rounds < 1:
        usage_error(f"--rounds must be at least 1; got {rounds}")
    if quick:
        cases, rounds = [each.tiny() for each in cases], 1
    torch.set_num_threads(1)
    variants = [FLOAT32, *([BF16] if bf16 else [])]
    breakdowns = []
    with progress_console().status("rate of matrix products") as status:
        rates = {each.name: matmul_rate(each.dtype, seconds=0.01 if quick else 0.3) for each in variants}
        for each in cases:
            for variant in variants:
                status.update(f"{each.name}, {variant.name}")
                breakdowns.append(break_down(each, variant, rounds))
    print_tables(
        [parts_table(each, rates[FLOAT32.name], rates[each.variant.name]) for each in breakdowns], markdown=markdown
    )


def break_down(case: Case, variant: Variant, rounds: int) -> Breakdown:
    """Measure the time and count the operations of each part of a case."""
    workload, images = Workload(case, variant), case.shape.batch
    workload()
    counter = FlopCounterMode(display=False, custom_mapping={torch.ops.aten.addmm_: addmm_operations})
    torch_only = patch.object(products, "onednn_is_faster", return_value=False)  # oneDNN's products are not counted
    # The fused engine refuses to run under a counter, which sees only its matrix products: just those are counted here.
    still_fused = patch.object(fused_segmenter, "loss_unsupported_reason", return_value=None)
    with torch_only, still_fused, counter, attribute_to_parts(counter.get_total_flops) as operations:
        workload()
    operations["waves"] += case.coupling_operations / (1 if case.evaluation else 3)
    operations["waves, backward"] += 0 if case.evaluation else case.coupling_operations
    samples: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        with attribute_to_parts(time.perf_counter) as seconds:
            workload()
        for name, value in seconds.items():
            samples[name].append(value / images)
    medians = {name: statistics.median(values) for name, values in samples.items()}
    return Breakdown(case, variant, medians, {name: count / images for name, count in operations.items()})


def addmm_operations(total: list[int], left: list[int], right: list[int], **_: Any) -> int:
    """Return the operations of ``addmm_`` from the operands' shapes: torch counts only ``addmm``, not in place."""
    return 2 * left[0] * left[1] * right[1]


@contextmanager
def attribute_to_parts(read: Callable[[], float]) -> Iterator[dict[str, float]]:
    """Attribute the increments of a counter, such as a clock, to the parts that run while the block runs.

    Args:
        read: returns the counter's present value.

    Yields:
        The sum of increments by the name of the part, complete when the block ends.
    """
    increments: dict[str, float] = defaultdict(float)
    nested = [0.0]  # the increments inside nested parts, one entry for each running part, the innermost last

    def wrapped(part: Part) -> Callable[..., Any]:
        original = getattr(part.owner, part.method)

        def run_part(*args: Any, **kwargs: Any) -> Any:
            nested.append(0.0)
            before = read()
            try:
                return original(*args, **kwargs)
            finally:
                total = read() - before
                increments[part.name] += total - nested.pop()
                nested[-1] += total

        return run_part

    with ExitStack() as patches:
        for part in PARTS:
            patches.enter_context(patch.object(part.owner, part.method, wrapped(part)))
        yield increments


def parts_table(breakdown: Breakdown, float32_rate: float, rate: float) -> TextTable:
    """Return a table with a row for each part and the time its products would take at the peak rate."""
    head = ["part", "ms per image", "share", "GFLOP", "at peak rate, ms", "ratio"]
    total = sum(breakdown.seconds.values())
    body = []
    for name in [part.name for part in PARTS if part.name in breakdown.seconds]:
        seconds, operations = breakdown.seconds[name], breakdown.operations.get(name, 0)
        bound = operations / (float32_rate if name in WAVES else rate)
        body.append(
            [
                name,
                f"{1e3 * seconds:.2f}",
                f"{100 * seconds / total:.0f} %",
                f"{operations / 1e9:.3f}",
                f"{1e3 * bound:.2f}",
                f"{seconds / bound:.1f}" if bound else DASH,
            ]
        )
    body.append(["total", f"{1e3 * total:.2f}", "100 %", f"{sum(breakdown.operations.values()) / 1e9:.3f}", "", ""])
    notes = [
        f"One thread. Peak rate of products: {rate / 1e9:,.0f} GFLOP/s; of those of the waves, in float32: "
        f"{float32_rate / 1e9:,.0f} GFLOP/s."
    ]
    return TextTable(head, body, notes, title=f"{breakdown.case.name}, {breakdown.variant.name}")


if __name__ == "__main__":
    run_benchmark(main)
