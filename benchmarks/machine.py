"""Describe this machine and measure its peak rates, with which every benchmark is compared.

torch's number of threads is set per Python thread: a thread that does not set it to 1 itself splits every product among
more threads than the product is worth.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import torch

from drumhead.models.cpu.products import multiply

INSTRUCTION_SETS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve", "bf16")
"""The instruction sets that decide how fast matrix products are, by their names in Linux."""

BF16_INSTRUCTION_SETS = {"avx512_bf16", "amx_bf16", "bf16"}
"""The instruction sets that multiply bfloat16."""

MATMUL_SIZES = ((256, 256, 1024), (512, 512, 512), (1024, 1024, 1024))
"""Sizes (m, k, n) of matrix products whose operands fit into a core's caches, or nearly."""


class Rates(NamedTuple):
    """Peak rates of the machine, with as many threads as torch uses."""

    float32: float
    """Operations per second of matrix products in float32."""
    bfloat16: float | None
    """Operations per second of matrix products in bfloat16; None if they were not measured."""
    bandwidth: float
    """Bytes per second to and from memory."""

    def maximum(self, other: Rates) -> Rates:
        """Return the higher of each rate: a rate is measured too low when something else runs."""
        bfloat16 = None if self.bfloat16 is None or other.bfloat16 is None else max(self.bfloat16, other.bfloat16)
        return Rates(max(self.float32, other.float32), bfloat16, max(self.bandwidth, other.bandwidth))

    def __str__(self) -> str:
        bfloat16 = "" if self.bfloat16 is None else f", {self.bfloat16 / 1e9:,.0f} in bfloat16"
        return f"{self.float32 / 1e9:,.0f} GFLOP/s in float32{bfloat16}; {self.bandwidth / 1e9:.1f} GB/s"


def measure_rates(*, bf16: bool, quick: bool = False) -> Rates:
    """Measure the peak rates; with ``quick`` they are too low, and only check that the measurement runs."""
    seconds, megabytes = (0.01, 16) if quick else (0.3, 512)
    return Rates(
        matmul_rate(torch.float32, seconds=seconds),
        matmul_rate(torch.bfloat16, seconds=seconds) if bf16 else None,
        memory_bandwidth(megabytes=megabytes),
    )


def matmul_rate(dtype: torch.dtype, *, seconds: float = 0.3) -> float:
    """Measure the operations per second of matrix products in cache: the best over a few sizes.

    Every thread computes products of its own; the rate is that of all threads together. The products are computed by
    the library that the fused engine uses on this machine.

    Args:
        dtype: the type of the operands and the product.
        seconds: how long each size is measured.
    """
    threads = torch.get_num_threads()
    barrier = threading.Barrier(threads)

    def thread_rate(sizes: tuple[int, int, int]) -> float:
        torch.set_num_threads(1)
        rows, inner, columns = sizes
        left, right = torch.randn(rows, inner).to(dtype), torch.randn(inner, columns).to(dtype)
        for _ in range(5):
            multiply(left, right)
        barrier.wait()
        start, products = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            multiply(left, right)
            products += 1
        return products * 2 * rows * inner * columns / (time.perf_counter() - start)

    try:
        with ThreadPoolExecutor(threads) as pool:
            return max(sum(pool.map(thread_rate, [sizes] * threads)) for sizes in MATMUL_SIZES)
    finally:
        torch.set_num_threads(threads)  # the matrix library's own number of threads is global to the process


def memory_bandwidth(*, megabytes: int = 512, repeats: int = 5) -> float:
    """Measure the bytes per second that a copy reads and writes, the best of some; first touches are not timed."""
    source = torch.zeros(megabytes << 18)
    target = source.clone()
    best = 0.0
    for _ in range(repeats):
        start = time.perf_counter()
        target.copy_(source)
        best = max(best, 2 * source.nbytes / (time.perf_counter() - start))
    return best


def has_fast_bf16() -> bool:
    """Return whether the processor has instructions that multiply bfloat16."""
    return bool(BF16_INSTRUCTION_SETS & set(instruction_sets()))


def instruction_sets() -> list[str]:
    """Return those of ``INSTRUCTION_SETS`` that the processor has; torch's name for them where Linux lists none."""
    flags = _cpuinfo("flags", "Features").split()
    return [name for name in INSTRUCTION_SETS if name in flags] or [torch.backends.cpu.get_cpu_capability().lower()]


def describe_machine() -> str:
    """Return one line with processor, instruction sets, threads and versions, to print above the tables."""
    processor = _cpuinfo("model name") or platform.processor() or platform.machine()
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "numba"))
    return (
        f"{processor} ({', '.join(instruction_sets())}), {os.cpu_count()} cores, threads: {torch.get_num_threads()}; "
        f"{sys.platform}, Python {platform.python_version()}, {versions}"
    )


def _cpuinfo(*keys: str) -> str:
    """Return the value of the first of these keys in /proc/cpuinfo; an empty string if there is none."""
    path = Path("/proc/cpuinfo")
    for line in path.read_text().splitlines() if path.exists() else ():
        key, _, value = line.partition(":")
        if key.strip() in keys:
            return value.strip()
    return ""
