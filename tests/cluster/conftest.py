"""A real Slurm for the tests of this folder, started once, as new for each; without its packages they are skipped."""

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
"""Set where tests must not be skipped for want of Slurm."""
START_SECONDS = 60


@pytest.fixture(scope="session")
def held_cluster() -> Iterator[SlurmCluster]:
    """A cluster that ends with this session, also one that is killed."""
    if missing := missing_programs():
        do_without(f"needs Slurm (Debian: slurmctld slurmd slurm-client munge): no {', '.join(missing)}")
    folder = Path(tempfile.mkdtemp(prefix="drumhead-slurm-", dir="/tmp"))  # pytest's own are too long for sockets
    cluster = SlurmCluster(folder)
    with holding(folder) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        answered, _, _ = select.select([holder.stdout], [], [], START_SECONDS)
        command_output = holder.stdout.readline() if answered else ""
        if command_output != "ready\n":
            holder.stdin.close()
            do_without(f"Slurm is installed, but does not start here: {command_output}{holder.stdout.read()}")
        yield cluster


def do_without(reason: str) -> NoReturn:
    """Skip what needs a cluster, or fail where it may not be skipped."""
    if os.environ.get(REQUIRED_VARIABLE):
        pytest.fail(f"{reason} ({REQUIRED_VARIABLE} is set)")
    pytest.skip(reason)


@pytest.fixture
def cluster(held_cluster: SlurmCluster) -> Iterator[SlurmCluster]:
    """The cluster with all nodes idle and no job; left so, whatever a test did to it."""
    yield held_cluster
    held_cluster.reset()


@pytest.fixture(scope="session")
def pace(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Seconds that an epoch of a project's runs takes."""
    return seconds_per_epoch(tmp_path_factory.mktemp("pace"))


@pytest.fixture
def project(cluster: SlurmCluster, pace: float, tmp_path: Path) -> Project:
    """A project's folder on the cluster."""
    return Project(tmp_path, cluster, pace=pace)
