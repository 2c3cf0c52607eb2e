"""The launcher of the processes is recognised by the environment variables that Slurm and torchrun set."""

from __future__ import annotations

import os

import pytest
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from pydantic import ValidationError

from drumhead.runs import RunError
from drumhead.training import Devices, is_first_process, make_fabric
from drumhead.training.devices import DrumheadEnvironment, find_environment

JOB_STEP = {
    "SLURM_JOB_ID": "123",
    "SLURM_JOB_NAME": "train",
    "SLURM_NTASKS": "4",
    "SLURM_NTASKS_PER_NODE": "2",
    "SLURM_STEP_NUM_TASKS": "4",
    "SLURM_NNODES": "2",
    "SLURM_NODEID": "1",
    "SLURM_LOCALID": "1",
    "SLURM_PROCID": "3",
    "SLURM_NODELIST": "n[1-2]",
}
"""The variables of the last of four tasks of a job step."""
ALLOCATION = {"SLURM_JOB_ID": "123", "SLURM_JOB_NAME": "sbatch", "SLURM_NTASKS": "4", "SLURM_NNODES": "2"}
"""The variables of a shell in a job of four tasks, before any job step."""
FOUR, TWO, ONE = Devices(devices=2, nodes=2), Devices(accelerator="cpu", devices=2), Devices(accelerator="cpu")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("SLURM_", "TORCHELASTIC_", "MASTER_")) or name in ("LOCAL_RANK", "NODE_RANK", "WORLD_SIZE"):
            monkeypatch.delenv(name)


def set_variables(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_one_device_ignores_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    for variables in ({}, ALLOCATION, JOB_STEP):
        set_variables(monkeypatch, variables)
        assert isinstance(find_environment(ONE), DrumheadEnvironment)
        assert is_first_process(ONE)
        fabric = make_fabric(ONE)
        assert (fabric.world_size, fabric.global_rank) == (1, 0)


def test_a_shell_in_a_job_starts_the_processes_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch, ALLOCATION)
    assert isinstance(find_environment(TWO), DrumheadEnvironment)
    set_variables(
        monkeypatch, {"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0", "SLURM_NTASKS": "1"}
    )  # srun --pty bash
    assert isinstance(find_environment(TWO), DrumheadEnvironment)
    assert is_first_process(TWO)


def test_the_tasks_of_a_step_are_the_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch, JOB_STEP)
    environment = find_environment(FOUR)
    assert isinstance(environment, SLURMEnvironment)
    assert (environment.world_size(), environment.global_rank()) == (4, 3)
    assert not is_first_process(FOUR)
    set_variables(monkeypatch, {"SLURM_NODEID": "0", "SLURM_LOCALID": "0", "SLURM_PROCID": "0"})
    assert is_first_process(FOUR)


def test_a_step_of_another_size_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch, JOB_STEP)
    with pytest.raises(RunError, match="srun has started 4 processes, but 1 nodes of 2 devices need 2"):
        find_environment(TWO)
    monkeypatch.delenv("SLURM_NTASKS_PER_NODE")
    with pytest.raises(RunError, match="--ntasks-per-node 2"):
        find_environment(FOUR)


def test_torchrun(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(
        monkeypatch, {"TORCHELASTIC_RUN_ID": "a", "WORLD_SIZE": "4", "RANK": "2", "LOCAL_RANK": "0", "GROUP_RANK": "1"}
    )
    assert isinstance(find_environment(FOUR), TorchElasticEnvironment)
    assert not is_first_process(FOUR)
    with pytest.raises(RunError, match="torchrun has started 4 processes"):
        find_environment(TWO)


def test_other_nodes_need_rendezvous_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RunError, match=r"srun --nodes 2 --ntasks-per-node 2 .*MASTER_ADDR, MASTER_PORT, NODE_RANK$"):
        find_environment(FOUR)
    set_variables(monkeypatch, {"MASTER_ADDR": "n1", "MASTER_PORT": "29500", "NODE_RANK": "1"})
    assert isinstance(find_environment(FOUR), DrumheadEnvironment)
    assert not is_first_process(FOUR)


def test_unavailable_devices_are_rejected() -> None:
    with pytest.raises(RunError, match=r"--devices 7 needs 7, but this machine has \d: choose fewer"):
        make_fabric(Devices(accelerator="cuda", devices=7))
    with pytest.raises(ValidationError):
        Devices(devices=0)
