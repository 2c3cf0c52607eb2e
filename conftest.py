"""A strict session: no network, no display, one thread, the same seed and default dtype for every test."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Set before matplotlib or torch is imported, which read them once; processes started by tests inherit them.
os.environ["MPLBACKEND"] = "Agg"
os.environ["OMP_NUM_THREADS"] = "1"  # tiny tensors: many times faster than several threads on a busy machine

# They are for mkdocs and griffe, which only `make docs` installs.
collect_ignore = ["docs/generators/griffe_docstrings.py", "docs/generators/mkdocs_hooks.py"]

collect_ignore_glob = ["src/drumhead/fields/cuda/kernels/*"]  # they cannot be imported without Triton


TESTS_OF_ONE_CLUSTER = Path(__file__).parent / "tests" / "cluster"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together, in one process, the tests of a file, which share fixtures, and those of the cluster."""
    for item in items:
        group = TESTS_OF_ONE_CLUSTER if TESTS_OF_ONE_CLUSTER in item.path.parents else item.path
        item.add_marker(pytest.mark.xdist_group(str(group)))


def is_on_this_machine(address: Any) -> bool:
    """Whether a socket address, a path or (host, port, ...), is a local socket or loopback."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Fail a test that connects to another machine, or looks up its name."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def refuse_others(address: Any) -> None:
        if not is_on_this_machine(address):
            # `except Exception` does not catch the error of pytest.fail, so a library cannot hide the attempt.
            pytest.fail(f"tests use no network, but something tried to reach {address}")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        refuse_others(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        refuse_others(address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host is not None:
            refuse_others((host.decode() if isinstance(host, bytes) else host, port))
        return getaddrinfo(host, port, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield


@pytest.fixture(autouse=True)
def same_start() -> Iterator[None]:
    """Seed torch before each test, and fail one that leaves another default dtype behind."""
    import torch

    before = torch.get_default_dtype()
    torch.manual_seed(0)
    yield
    after = torch.get_default_dtype()
    torch.set_default_dtype(before)
    assert after == before, f"the test left {after} as torch's default dtype; it was {before}"
