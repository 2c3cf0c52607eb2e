"""Time and memory of training steps and evaluations on a GPU: plain torch, ours, and a lower bound.

`train_step.py --device cuda` prints these tables. With ``--device cpu --quick`` everything but the recording of a CUDA
graph runs on a CPU, which only checks that it runs. Nothing has been measured with it yet.

Ours is what training does: the fused engine where it can run, and loss and gradients as a CUDA graph. Plain is eager
torch. Both run in one process, in turn; a time is a median. Memory is the peak of what torch allocates. The lower bound
is the longer of two times: that of the operations at the measured rate of matrix products, and that of the bytes at the
measured bandwidth.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

import drumhead
from command_line import format_seconds
from drumhead.models import PixelSample
from drumhead.report.tables.score_tables import DASH
from drumhead.report.tables.text_table import TextTable
from drumhead.training.graphed_loss import GraphedLoss
from machine import Rates
from workloads import Case

MATMUL_SIZE = 8192


class GpuVariant(NamedTuple):
    """How a model is computed."""

    name: str
    ours: bool
    bf16: bool


VARIANTS = [
    GpuVariant("plain float32", ours=False, bf16=False),
    GpuVariant("ours float32", ours=True, bf16=False),
    GpuVariant("plain bf16", ours=False, bf16=True),
    GpuVariant("ours bf16", ours=True, bf16=True),
]


class GpuMeasurement(NamedTuple):
    """The measurements of one case."""

    case: Case
    seconds: dict[GpuVariant, float]
    """The median time of each variant that runs."""
    megabytes: dict[GpuVariant, float]
    """The peak memory of each variant, 0 on a CPU."""
    failures: dict[GpuVariant, str]
    """Why the other variants do not run, such as for lack of memory."""

    def __str__(self) -> str:
        times = (f"{variant.name} {1000 * seconds:.3g} ms" for variant, seconds in self.seconds.items())
        return f"{self.case.name}: {', '.join(times)}"


class GpuWorkload:
    """A model with its optimiser and a batch of random data on a device; a call computes one step.

    Args:
        case: The model and the data.
        variant: How it is computed.
        device: Where.
    """

    def __init__(self, case: Case, variant: GpuVariant, device: torch.device) -> None:
        self.case, self.variant, self.device = case, variant, device
        config = case.config
        if case.has_engines:
            config = config.replace(engine="auto" if variant.ours else "plain")
        model = drumhead.build(config, in_channels=case.shape.in_channels, classes=case.shape.classes)
        self.model = model.to(device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.images, self.masks = (values.to(device) for values in case.shape.tensors())
        records = variant.ours and device.type == "cuda" and not any(True for _ in self.model.buffers())
        self.graphed = GraphedLoss(self.loss, list(self.model.parameters())) if records else None

    def precision(self, *, cache: bool = True) -> torch.autocast:
        """Return a context in which the model is computed in the variant's precision."""
        enabled = self.variant.bf16
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=enabled, cache_enabled=cache)

    def loss(self, images: Tensor, masks: Tensor, pixels: PixelSample | None) -> Tensor:
        """Return the loss of a batch."""
        with self.precision(cache=self.graphed is None):
            return self.model.loss(images, masks, pixels=pixels)

    def __call__(self) -> None:
        if self.case.evaluation:
            with self.precision():
                self.model.predict(self.images)
            return
        if self.graphed is None or self.graphed(self.images, self.masks, None) is None:
            self.optimizer.zero_grad()
            self.loss(self.images, self.masks, None).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    def seconds(self) -> float:
        """Compute one step and return how long it took."""
        synchronize(self.device)
        start = time.perf_counter()
        self()
        synchronize(self.device)
        return time.perf_counter() - start


def measure_case(
    case: Case, *, rounds: int, device: torch.device, on_progress: Callable[[str], None] = lambda message: None
) -> GpuMeasurement:
    """Measure time and memory of a case with each variant, after two steps to warm up."""
    workloads: dict[GpuVariant, GpuWorkload] = {}
    megabytes: dict[GpuVariant, float] = {}
    failures: dict[GpuVariant, str] = {}
    for variant in VARIANTS:
        on_progress(f"{case.name}: {variant.name}, warming up")
        try:
            before = reset_peak(device)
            workload = GpuWorkload(case, variant, device)
            workload()
            workload()
            megabytes[variant] = peak(device) - before
            workloads[variant] = workload
        except (ValueError, torch.OutOfMemoryError) as error:
            failures[variant] = str(error).splitlines()[0]
    seconds = {}
    for variant, times in measure_in_turn(workloads, rounds=rounds).items():
        seconds[variant] = statistics.median(times)
    return GpuMeasurement(case, seconds, megabytes, failures)


def measure_in_turn(workloads: dict[GpuVariant, GpuWorkload], *, rounds: int) -> dict[GpuVariant, list[float]]:
    """Return the time of each round of each workload."""
    times: dict[GpuVariant, list[float]] = {variant: [] for variant in workloads}
    for _ in range(rounds):
        for variant, workload in workloads.items():
            times[variant].append(workload.seconds())
    return times


def measure_gpu_rates(device: torch.device, *, quick: bool) -> Rates:
    """Measure the rates of large matrix products, in float32 without TF32, and of a copy in memory."""
    size, megabytes, repeats = (256, 1, 2) if quick else (MATMUL_SIZE, 1024, 10)

    def matmul_rate(dtype: torch.dtype) -> float:
        left, right = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
        return 2 * size**3 / best_seconds(lambda: left @ right, repeats=repeats, device=device)

    source = torch.zeros(megabytes << 18, device=device)
    target = torch.empty_like(source)
    copy = best_seconds(lambda: target.copy_(source), repeats=repeats, device=device)
    return Rates(matmul_rate(torch.float32), matmul_rate(torch.bfloat16), 2 * source.nbytes / copy)


def best_seconds(function: Callable[[], object], *, repeats: int, device: torch.device) -> float:
    """Return the shortest time of a function, after one call to warm up."""
    function()
    best = float("inf")
    for _ in range(repeats):
        synchronize(device)
        start = time.perf_counter()
        function()
        synchronize(device)
        best = min(best, time.perf_counter() - start)
    return best


def gpu_tables(measurements: Sequence[GpuMeasurement], rates: Rates, *, rounds: int) -> list[TextTable]:
    """Return a table of times with their lower bounds, and one of memory."""
    names = [variant.name for variant in VARIANTS]
    time_head = ["case", *(f"{name}\nms" for name in names), "times faster\nfloat32", "times faster\nbf16"]
    time_head += ["floor\nfloat32, ms", "floor\nbf16, ms", "float32\nover floor", "bf16\nover floor"]
    times, memory = [], []
    for each in measurements:
        operations, traffic = each.case.operations, each.case.traffic / rates.bandwidth
        floors = [max(operations.seconds(rates, bf16=bf16), traffic) for bf16 in (False, True)]
        plain32, ours32, plain16, ours16 = (each.seconds.get(variant) for variant in VARIANTS)
        times.append(
            [
                each.case.name,
                *(DASH if s is None else format_seconds(1000 * s) for s in (plain32, ours32, plain16, ours16)),
                ratio(plain32, ours32),
                ratio(plain32, ours16),
                *(format_seconds(1000 * floor) for floor in floors),
                ratio(ours32, floors[0]),
                ratio(ours16, floors[1]),
            ]
        )
        used = [each.megabytes.get(variant) for variant in VARIANTS]
        memory.append(
            [
                each.case.name,
                *(DASH if m is None else f"{m:.0f}" for m in used),
                ratio(used[0], used[1]),
                ratio(used[0], used[3]),
            ]
        )
    notes = [f"Medians of {rounds} rounds, in turn. Times faster: than plain float32. Rates: {rates}.", gpu_name()]
    failures = {(v.name, each.case.name, why) for each in measurements for v, why in each.failures.items()}
    notes += [f"{case}, {name}, does not run: {why}" for name, case, why in sorted(failures)]
    memory_head = ["case", *(f"{name}\nMB" for name in names), "times less\nfloat32", "times less\nbf16"]
    return [
        TextTable(time_head, times, notes, title="Time on the GPU"),
        TextTable(memory_head, memory, [], title="Memory"),
    ]


def gpu_name() -> str:
    """Return the GPU and the versions of CUDA and Triton."""
    if not torch.cuda.is_available():
        return "no GPU: the numbers mean nothing"
    from triton import __version__

    return f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}, Triton {__version__}"


def ratio(of: float | None, over: float | None) -> str:
    """Return a ratio with two digits, a dash without one of the numbers."""
    return f"{of / over:.2g}" if of and over else DASH


def synchronize(device: torch.device) -> None:
    """Wait for the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def reset_peak(device: torch.device) -> float:
    """Begin to measure the peak of the memory, and return what is allocated now, in MB of 2^20 bytes."""
    if device.type != "cuda":
        return 0.0
    torch.cuda.reset_peak_memory_stats(device)
    return float(torch.cuda.memory_allocated(device)) / 2**20


def peak(device: torch.device) -> float:
    """Return the peak of the allocated memory in MB; 0 on a CPU."""
    return float(torch.cuda.max_memory_allocated(device)) / 2**20 if device.type == "cuda" else 0.0
