"""The lock of a run folder: one process holds it at a time, and a process that dies releases it."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fork_server import ForkServer

from drumhead.runs import Run, RunBusyError, RunError, lock_folder, lock_owner, read_owner

from .sample_run import CONFIG, SCORES

HOLD_LOCK = """
import sys, time
from drumhead.runs import RunBusyError, lock_folder
try:
    with lock_folder(arguments[0]):
        print("mine", flush=True)
        time.sleep(float(arguments[1]))
except RunBusyError as error:
    print("busy:", error, flush=True)
"""


@pytest.fixture(autouse=True)
def no_slurm(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID"):
        monkeypatch.delenv(name, raising=False)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_owner_is_known_while_it_holds_the_lock(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "run"
    assert lock_owner(folder) is None
    with lock_folder(str(folder)) as lock:
        assert lock_owner(folder) == lock.owner
        assert (lock.owner.host, lock.owner.pid, lock.owner.job) == (socket.gethostname(), os.getpid(), None)
        assert str(lock.owner).startswith(f"process {os.getpid()} on {socket.gethostname()} since 20")
        lock.check()
    assert lock_owner(folder) is None
    assert names(folder) == [".lock"]
    with lock_folder(folder) as next_lock:
        assert next_lock.owner.token != lock.owner.token


@pytest.mark.parametrize(
    ("variables", "job"),
    [
        ({"SLURM_JOB_ID": "1234"}, "1234"),
        ({"SLURM_JOB_ID": "1240", "SLURM_ARRAY_JOB_ID": "1234", "SLURM_ARRAY_TASK_ID": "5"}, "1234_5"),
    ],
)
def test_the_owner_has_its_slurm_job(
    variables: dict[str, str], job: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with lock_folder(tmp_path) as lock:
        assert lock.owner.job == job
        assert f"(Slurm job {job})" in str(lock.owner)


def test_a_second_process_gets_an_error_that_names_the_owner(fork_server: ForkServer, tmp_path: Path) -> None:
    child = fork_server.start(HOLD_LOCK, tmp_path / "run", 60)
    child.wait_for_output("mine")
    holder = lock_owner(tmp_path / "run")
    assert holder is not None
    assert holder.pid == child.pid
    start = time.monotonic()
    with pytest.raises(RunBusyError) as raised, lock_folder(tmp_path / "run"):
        pytest.fail("two processes hold the lock")
    assert 1 < time.monotonic() - start < 4
    message = f"{tmp_path / 'run'} is being trained by process {child.pid} on {socket.gethostname()} since 20"
    assert str(raised.value).startswith(message)
    assert lock_owner(tmp_path / "run") == holder  # the failed attempt has changed nothing
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert lock_owner(tmp_path / "run") is None  # although owner.json still names the dead process
    assert read_owner(tmp_path / "run") == holder
    with lock_folder(tmp_path / "run") as lock:
        assert lock.owner.pid == os.getpid()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_a_dead_process_holds_no_lock(name: str, fork_server: ForkServer, tmp_path: Path) -> None:
    child = fork_server.start(HOLD_LOCK, tmp_path, 60)
    child.wait_for_output("mine")
    os.kill(child.pid, getattr(signal, name))
    child.wait()
    start = time.monotonic()
    with lock_folder(tmp_path):
        assert time.monotonic() - start < 0.5


def test_one_of_several_simultaneous_processes_gets_the_lock(fork_server: ForkServer, tmp_path: Path) -> None:
    """Each process would hold the lock for longer than the others wait."""
    for attempt in range(2):
        folder = tmp_path / str(attempt)
        children = [fork_server.start(HOLD_LOCK, folder, 2.5) for _ in range(4)]
        for child in children:
            assert child.wait() == 0
        outputs = sorted(child.read_output() for child in children)
        assert [text[:4] for text in outputs] == ["busy", "busy", "busy", "mine"]
        assert names(folder) == [".lock"]


def test_a_process_that_waits_briefly_gets_the_lock_after_the_owner(fork_server: ForkServer, tmp_path: Path) -> None:
    child = fork_server.start(HOLD_LOCK, tmp_path, 0.5)
    child.wait_for_output("mine")
    with lock_folder(tmp_path) as lock:
        assert lock_owner(tmp_path) == lock.owner


READ_OWNER = """
import time
from drumhead.runs import lock_owner
print("watching", flush=True)
end = time.monotonic() + float(arguments[1])
while time.monotonic() < end:
    lock_owner(arguments[0])
"""


def test_lock_owner_does_not_block_the_lock(fork_server: ForkServer, tmp_path: Path) -> None:
    with lock_folder(tmp_path):
        pass
    readers = [fork_server.start(READ_OWNER, tmp_path, 1.5) for _ in range(2)]
    for reader in readers:
        reader.wait_for_output("watching")
    for _ in range(5):
        with lock_folder(tmp_path):
            pass
    assert [reader.wait() for reader in readers] == [0, 0]


START_CHILD = """
import os, subprocess, sys, time
from drumhead.runs import lock_folder
with lock_folder(arguments[0]):
    if arguments[1] == "fork":
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
    else:
        child = subprocess.Popen(["sleep", "60"], close_fds=False).pid
    print("child", child, "started", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("how", ["fork", "exec"])
def test_children_of_a_dead_owner_do_not_hold_its_lock(how: str, fork_server: ForkServer, tmp_path: Path) -> None:
    parent = fork_server.start(START_CHILD, tmp_path, how)
    parent.wait_for_output("started")
    grandchild = int(parent.read_output().split()[1])
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    os.kill(grandchild, 0)  # raises if it is not running
    try:
        with lock_folder(tmp_path):
            pass
    finally:
        os.kill(grandchild, signal.SIGKILL)


def test_an_owner_that_lost_its_lock_writes_nothing(tmp_path: Path) -> None:
    """Another machine gets the lock too, as on file systems whose locks are local to each machine."""
    with lock_folder(tmp_path) as lock:
        run = Run.create(tmp_path, CONFIG, lock=lock)
        run.save_model(run.new_model())
        run.save_checkpoint({"epoch": 1})
        other = lock.owner.replace(host="node7", pid=5, job="99", token="theirs")
        (tmp_path / "owner.json").write_text(other.model_dump_json())
        before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        writes: list[Callable[[], None]] = [
            lambda: run.save_checkpoint({"epoch": 2}),
            lambda: run.save_model(run.new_model()),
            lambda: run.write_metrics([{"epoch": 2}]),
            lambda: run.write_scores(SCORES),
            lambda: run.write_divergence("nan"),
            lambda: run.write_config(CONFIG),
        ]
        for write in writes:
            with pytest.raises(RunError, match=r"taken over by process 5 on node7 \(Slurm job 99\) since"):
                write()
    assert {
        path.name: path.read_bytes() for path in tmp_path.iterdir()
    } == before  # owner.json of the other process is left alone


def test_a_lock_lost_while_writing_keeps_the_old_file(tmp_path: Path) -> None:
    with lock_folder(tmp_path) as lock:
        run = Run.create(tmp_path, CONFIG, lock=lock)

        def write() -> None:
            with run.atomic_replace(run.scores_path) as temporary:
                temporary.write_text("mine")
                (tmp_path / "owner.json").unlink()

        with pytest.raises(RunError, match=r"taken over as owner\.json was removed"):
            write()
    assert names(tmp_path) == [".lock", "config.json"]


def test_only_temporary_folders_of_a_killed_owner_are_removed(tmp_path: Path) -> None:
    for name in (".last-a1b2_3d4", ".model-abcdefgh", ".owner-12345678", ".thesis-abcdefgh", ".last-shorter"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").write_text("half")
    with lock_folder(tmp_path):
        pass
    assert names(tmp_path) == [".last-shorter", ".lock", ".thesis-abcdefgh"]


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK])
def test_a_file_system_without_locks_is_an_error(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    message = rf"cannot be locked: {os.strerror(number)}.*on a file system with flock"
    with pytest.raises(RunError, match=message), lock_folder(tmp_path):
        pytest.fail("no lock")
    assert lock_owner(tmp_path) is None


def test_a_file_at_the_path_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("precious")
    with pytest.raises(RunError, match="cannot be locked: File exists"), lock_folder(tmp_path / "run"):
        pytest.fail("no folder")
