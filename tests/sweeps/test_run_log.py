"""The log of a run: it holds everything that the process prints, and its last lines can be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fork_server import ForkServer

from drumhead.sweeps.run_log import last_lines, redirect_output

LOG_OUTPUT = """
import os, subprocess
from pathlib import Path
from drumhead.sweeps.run_log import redirect_output
print("before", flush=True)
try:
    with redirect_output(Path(arguments[0]), "a run"):
        print("from Python")
        os.write(2, b"from C\\n")
        subprocess.run(["echo", "from a child"])
        raise ValueError("an error")
except ValueError:
    print("after", flush=True)
"""


def test_all_output_within_the_block_goes_to_the_log(tmp_path: Path, fork_server: ForkServer) -> None:
    child = fork_server.start(LOG_OUTPUT, tmp_path / "run")
    assert child.wait() == 0
    assert child.read_output().split() == ["before", "after"]
    heading, *lines = (tmp_path / "run" / "log.txt").read_text().splitlines()
    assert heading.startswith("--- 2")
    assert "a run, process" in heading
    assert {"from Python", "from C", "from a child", "ValueError: an error"} <= set(lines)


def test_a_log_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "log.txt").mkdir()
    with pytest.raises(IsADirectoryError), redirect_output(tmp_path, "a run"):
        pass


def test_last_lines_are_limited_and_escaped(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_bytes(b"x" * 10**6 + b"\n\x1b[2Jcleared\xff\n\n\n" + "\n".join(map(str, range(10))).encode() + b"\n\n")
    assert last_lines(log, 3) == ["7", "8", "9"]
    assert max(map(len, last_lines(log, 50))) == 200
    cleared = last_lines(log, 11)[0]
    assert cleared.isprintable()
    assert last_lines(tmp_path / "none", 3) == []
