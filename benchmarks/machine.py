"""What this machine is, and what it can do at best: the yardstick of every benchmark.

A Python thread has torch on one thread only if it sets so itself: the number is the thread's own, and torch's products
in a thread that has not are shared among more threads than they are worth.
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

INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve", "bf16")
"""Instruction sets that decide how fast products are, as Linux names them."""

BF16_INSTRUCTIONS = {"avx512_bf16", "amx_bf16", "bf16"}

PRODUCTS = ((256, 256, 1024), (512, 512, 512), (1024, 1024, 1024))
"""Sizes (m, k, n) of products whose operands stay in a core's caches, or nearly."""


class Rates(NamedTuple):
    """What the machine can do at best, on as many threads as torch has."""

    float32: float
    """Operations a second of matrix products in float32."""
    bfloat16: float | None
    """The same in bfloat16; None where that was not measured."""
    bandwidth: float
    """Bytes a second to and from memory."""

    def best_with(self, other: Rates) -> Rates:
        """The higher of each: a rate is too low where something else was running."""
        bfloat16 = None if self.bfloat16 is None or other.bfloat16 is None else max(self.bfloat16, other.bfloat16)
        return Rates(max(self.float32, other.float32), bfloat16, max(self.bandwidth, other.bandwidth))

    def __str__(self) -> str:
        bfloat16 = "" if self.bfloat16 is None else f", {self.bfloat16 / 1e9:,.0f} in bfloat16"
        return f"{self.float32 / 1e9:,.0f} GFLOP/s in float32{bfloat16}; {self.bandwidth / 1e9:.1f} GB/s"


def measure_rates(*, bf16: bool, quick: bool = False) -> Rates:
    """The rates of this machine as it is now; ``quick`` ones are too low, and say only that the measure runs."""
    seconds, megabytes = (0.01, 16) if quick else (0.3, 512)
    return Rates(
        product_rate(torch.float32, seconds=seconds),
        product_rate(torch.bfloat16, seconds=seconds) if bf16 else None,
        bandwidth(megabytes=megabytes),
    )


def product_rate(dtype: torch.dtype, *, seconds: float = 0.3) -> float:
    """Operations a second of matrix products in cache: all threads together, each its own; the best of a few sizes.

    Made by the library that the fused engine uses here.

    Args:
        dtype: of the operands and the product.
        seconds: how long each size is measured.
    """
    threads = torch.get_num_threads()
    together = threading.Barrier(threads)

    def rate(sizes: tuple[int, int, int]) -> float:
        torch.set_num_threads(1)
        rows, inner, columns = sizes
        left, right = torch.randn(rows, inner).to(dtype), torch.randn(inner, columns).to(dtype)
        for _ in range(5):
            multiply(left, right)
        together.wait()
        begin, products = time.perf_counter(), 0
        while time.perf_counter() - begin < seconds:
            multiply(left, right)
            products += 1
        return products * 2 * rows * inner * columns / (time.perf_counter() - begin)

    try:
        with ThreadPoolExecutor(threads) as pool:
            return max(sum(pool.map(rate, [sizes] * threads)) for sizes in PRODUCTS)
    finally:
        torch.set_num_threads(threads)  # the matrix library's own number is one for the whole process


def bandwidth(*, megabytes: int = 512, repeats: int = 5) -> float:
    """Bytes a second that a copy reads and writes, the best of some; the first touch of the memory is not timed."""
    source = torch.zeros(megabytes << 18)
    target = source.clone()
    best = 0.0
    for _ in range(repeats):
        begin = time.perf_counter()
        target.copy_(source)
        best = max(best, 2 * source.nbytes / (time.perf_counter() - begin))
    return best


def has_fast_bf16() -> bool:
    """Whether the processor multiplies bfloat16 itself."""
    return bool(BF16_INSTRUCTIONS & set(instructions()))


def instructions() -> list[str]:
    """Which of ``INSTRUCTIONS`` the processor has; torch's own word for them where the system does not list them."""
    flags = _cpuinfo("flags", "Features").split()
    return [name for name in INSTRUCTIONS if name in flags] or [torch.backends.cpu.get_cpu_capability().lower()]


def description() -> str:
    """Processor, instruction sets, threads and versions, in one line: it stands above every table."""
    processor = _cpuinfo("model name") or platform.processor() or platform.machine()
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "numba"))
    return (
        f"{processor} ({', '.join(instructions())}), {os.cpu_count()} cores, threads: {torch.get_num_threads()}; "
        f"{sys.platform}, Python {platform.python_version()}, {versions}"
    )


def _cpuinfo(*keys: str) -> str:
    """The value of the first of these keys in Linux's description of the processors; empty where there is none."""
    path = Path("/proc/cpuinfo")
    for line in path.read_text().splitlines() if path.exists() else ():
        key, _, value = line.partition(":")
        if key.strip() in keys:
            return value.strip()
    return ""
