"""Processes that start in no time: children forked by one that has imported torch and Drumhead already."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

SERVER = """
import json, os, signal, sys, traceback
import torch
import drumhead.cli.train
torch.set_num_threads(1)
signal.signal(signal.SIGINT, signal.default_int_handler)

def live(code, arguments, output):
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    status = 0
    try:
        exec(compile(code, "<child>", "exec"), {"__name__": "__main__", "arguments": arguments})
    except SystemExit as error:
        status = error.code or 0
    except BaseException:
        traceback.print_exc()
        status = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)

for line in sys.stdin:
    order = json.loads(line)
    if "wait" in order:
        answer = os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1])
    else:
        answer = os.fork()
        if answer == 0:
            live(**order)
    print(answer, flush=True)
"""


class ChildProcess(NamedTuple):
    """A process of a fork server."""

    pid: int
    output: Path
    wait: Callable[[], int]
    """Waits for its end; returns its exit code, or minus the number of the signal that ended it."""

    def read_output(self) -> str:
        """All it has written so far."""
        return self.output.read_text()

    def wait_for_output(self, text: str, *, seconds: float = 60.0) -> None:
        """Return as soon as it has written some text."""
        end = time.monotonic() + seconds
        while text not in self.read_output():
            assert time.monotonic() < end, f"{text!r} did not come in {seconds} s, but: {self.read_output()}"
            time.sleep(0.005)


class ForkServer:
    """Starts children, each of which runs code of its own, with ``arguments`` as it was given them."""

    def __init__(self) -> None:
        # Stores of the interpreter's own, such as this session's sys.path, are not handed on: the environment is.
        self.server = subprocess.Popen(
            [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.outputs = tempfile.TemporaryDirectory(prefix="fork-server-")

    def ask(self, order: dict[str, Any]) -> int:
        """Have the server do something."""
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(json.dumps(order) + "\n")
        self.server.stdin.flush()
        return int(self.server.stdout.readline())

    def start(self, code: str, *arguments: object) -> ChildProcess:
        """Start a child."""
        handle, output = tempfile.mkstemp(dir=self.outputs.name)
        os.close(handle)
        pid = self.ask({"code": code, "arguments": [str(argument) for argument in arguments], "output": output})
        return ChildProcess(pid, Path(output), lambda: self.ask({"wait": pid}))

    def close(self) -> None:
        """End it; children that still live go on."""
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.close()
        self.server.wait()
        self.server.stdout.close()
        self.outputs.cleanup()
