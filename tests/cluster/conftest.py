"""A real Slurm for the tests in this folder, started once and reset after each test.

Without Slurm's packages, the tests are skipped.
"""

from __future__ import annotations

import os
import select
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from .project import Project, seconds_per_epoch
from .slurm_cluster import SlurmCluster, holding, missing_programs

REQUIRED_VARIABLE = "DRUMHEAD_REQUIRE_SLURM"
"""The environment variable that makes tests fail, not skip, without Slurm."""
START_SECONDS = 60


@pytest.fixture(scope="session")
def held_cluster() -> Iterator[SlurmCluster]:
    """A cluster that stops with this test session, even if the session is killed."""
    if missing := missing_programs():
        skip_or_fail(f"needs Slurm (Debian: slurmctld slurmd slurm-client munge): no {', '.join(missing)}")
    folder = Path(
        tempfile.mkdtemp(prefix="drumhead-slurm-", dir="/tmp")
    )  # the paths of pytest's folders are too long for sockets
    cluster = SlurmCluster(folder)
    with holding(folder) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        readable, _, _ = select.select([holder.stdout], [], [], START_SECONDS)
        first_line = holder.stdout.readline() if readable else ""
        if first_line != "ready\n":
            holder.stdin.close()
            skip_or_fail(f"Slurm is installed, but does not start here: {first_line}{holder.stdout.read()}")
        yield cluster


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the tests that need a cluster, or fail if they must not be skipped."""
    if os.environ.get(REQUIRED_VARIABLE):
        pytest.fail(f"{reason} ({REQUIRED_VARIABLE} is set)")
    pytest.skip(reason)


@pytest.fixture
def cluster(held_cluster: SlurmCluster) -> Iterator[SlurmCluster]:
    """The cluster with idle nodes and no jobs; it is reset after the test."""
    yield held_cluster
    held_cluster.reset()


@pytest.fixture(scope="session")
def pace(tmp_path_factory: pytest.TempPathFactory) -> float:
    """The seconds per epoch of a project's runs."""
    return seconds_per_epoch(tmp_path_factory.mktemp("pace"))


@pytest.fixture
def project(cluster: SlurmCluster, pace: float, tmp_path: Path) -> Project:
    """A project folder on the cluster."""
    return Project(tmp_path, cluster, pace=pace)
