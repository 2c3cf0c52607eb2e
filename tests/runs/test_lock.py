"""One process trains in a folder at a time, and whoever dies leaves it to the next."""

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

HOLD = """
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


def test_the_owner_is_told_while_it_holds_the_claim(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "run"
    assert lock_owner(folder) is None
    with lock_folder(str(folder)) as mine:
        assert lock_owner(folder) == mine.owner
        assert (mine.owner.host, mine.owner.pid, mine.owner.job) == (socket.gethostname(), os.getpid(), None)
        assert str(mine.owner).startswith(f"process {os.getpid()} on {socket.gethostname()} since 20")
        mine.check()
    assert lock_owner(folder) is None
    assert names(folder) == [".lock"]
    with lock_folder(folder) as next_one:
        assert next_one.owner.token != mine.owner.token


@pytest.mark.parametrize(
    ("variables", "job"),
    [
        ({"SLURM_JOB_ID": "1234"}, "1234"),
        ({"SLURM_JOB_ID": "1240", "SLURM_ARRAY_JOB_ID": "1234", "SLURM_ARRAY_TASK_ID": "5"}, "1234_5"),
    ],
)
def test_a_slurm_job_is_named(
    variables: dict[str, str], job: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with lock_folder(tmp_path) as mine:
        assert mine.owner.job == job
        assert f"(Slurm job {job})" in str(mine.owner)


def test_a_second_process_is_told_who_is_there(fork_server: ForkServer, tmp_path: Path) -> None:
    child = fork_server.start(HOLD, tmp_path / "run", 60)
    child.wait_for_output("mine")
    seen = lock_owner(tmp_path / "run")
    assert seen is not None
    assert seen.pid == child.pid
    begun = time.monotonic()
    with pytest.raises(RunBusyError) as raised, lock_folder(tmp_path / "run"):
        pytest.fail("two owners")
    assert 1 < time.monotonic() - begun < 4
    told = f"{tmp_path / 'run'} is being trained by process {child.pid} on {socket.gethostname()} since 20"
    assert str(raised.value).startswith(told)
    assert lock_owner(tmp_path / "run") == seen  # the loser has changed nothing
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert lock_owner(tmp_path / "run") is None  # though owner.json still names it
    assert read_owner(tmp_path / "run") == seen
    with lock_folder(tmp_path / "run") as mine:
        assert mine.owner.pid == os.getpid()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_a_dead_owner_holds_nothing(name: str, fork_server: ForkServer, tmp_path: Path) -> None:
    child = fork_server.start(HOLD, tmp_path, 60)
    child.wait_for_output("mine")
    os.kill(child.pid, getattr(signal, name))
    child.wait()
    begun = time.monotonic()
    with lock_folder(tmp_path):
        assert time.monotonic() - begun < 0.5


def test_of_those_that_start_at_once_one_gets_it(fork_server: ForkServer, tmp_path: Path) -> None:
    """Each holds it longer than the others wait."""
    for attempt in range(2):
        folder = tmp_path / str(attempt)
        children = [fork_server.start(HOLD, folder, 2.5) for _ in range(4)]
        for child in children:
            assert child.wait() == 0
        told = sorted(child.read_output() for child in children)
        assert [text[:4] for text in told] == ["busy", "busy", "busy", "mine"]
        assert names(folder) == [".lock"]


def test_who_waits_a_moment_gets_it_after_the_owner(fork_server: ForkServer, tmp_path: Path) -> None:
    child = fork_server.start(HOLD, tmp_path, 0.5)
    child.wait_for_output("mine")
    with lock_folder(tmp_path) as mine:
        assert lock_owner(tmp_path) == mine.owner


WATCH = """
import time
from drumhead.runs import lock_owner
print("watching", flush=True)
end = time.monotonic() + float(arguments[1])
while time.monotonic() < end:
    lock_owner(arguments[0])
"""


def test_watchers_do_not_keep_a_trainer_out(fork_server: ForkServer, tmp_path: Path) -> None:
    with lock_folder(tmp_path):
        pass
    watchers = [fork_server.start(WATCH, tmp_path, 1.5) for _ in range(2)]
    for watcher in watchers:
        watcher.wait_for_output("watching")
    for _ in range(5):
        with lock_folder(tmp_path):
            pass
    assert [watcher.wait() for watcher in watchers] == [0, 0]


FORK = """
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
    print("child", child, "born", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("how", ["fork", "exec"])
def test_children_of_a_dead_owner_do_not_keep_its_claim(how: str, fork_server: ForkServer, tmp_path: Path) -> None:
    parent = fork_server.start(FORK, tmp_path, how)
    parent.wait_for_output("born")
    grandchild = int(parent.read_output().split()[1])
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    os.kill(grandchild, 0)  # it lives
    try:
        with lock_folder(tmp_path):
            pass
    finally:
        os.kill(grandchild, signal.SIGKILL)


def test_an_owner_that_lost_its_claim_writes_nothing(tmp_path: Path) -> None:
    """As where locks are each machine's own: another one claims the folder meanwhile."""
    with lock_folder(tmp_path) as mine:
        run = Run.create(tmp_path, CONFIG, lock=mine)
        run.save_model(run.new_model())
        run.save_checkpoint({"epoch": 1})
        other = mine.owner.replace(host="node7", pid=5, job="99", token="theirs")
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
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before  # owner.json is theirs


def test_a_claim_lost_while_writing_keeps_the_old_file(tmp_path: Path) -> None:
    with lock_folder(tmp_path) as mine:
        run = Run.create(tmp_path, CONFIG, lock=mine)

        def write() -> None:
            with run.atomic_replace(run.scores_path) as temporary:
                temporary.write_text("mine")
                (tmp_path / "owner.json").unlink()

        with pytest.raises(RunError, match=r"taken over as owner\.json was removed"):
            write()
    assert names(tmp_path) == [".lock", "config.json"]


def test_what_a_killed_owner_was_writing_is_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in (".last-a1b2_3d4", ".model-abcdefgh", ".owner-12345678", ".thesis-abcdefgh", ".last-shorter"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").write_text("half")
    with lock_folder(tmp_path):
        pass
    assert names(tmp_path) == [".last-shorter", ".lock", ".thesis-abcdefgh"]


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK])
def test_a_file_system_without_locks_is_told(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    told = rf"cannot be locked: {os.strerror(number)}.*on a file system with flock"
    with pytest.raises(RunError, match=told), lock_folder(tmp_path):
        pytest.fail("no lock")
    assert lock_owner(tmp_path) is None


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("precious")
    with pytest.raises(RunError, match="cannot be locked: File exists"), lock_folder(tmp_path / "run"):
        pytest.fail("no folder")
