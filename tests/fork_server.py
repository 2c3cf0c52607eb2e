"""A fork server for tests: it has imported torch and Drumhead, so the processes that it forks start at once."""

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

def run_child(code, arguments, output):
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
    request = json.loads(line)
    if "wait" in request:
        answer = os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])
    else:
        answer = os.fork()
        if answer == 0:
            run_child(**request)
    print(answer, flush=True)
"""


class ChildProcess(NamedTuple):
    """A process that the fork server started."""

    pid: int
    output: Path
    wait: Callable[[], int]
    """Waits until the process ends; returns its exit code, or minus the number of the signal that ended it."""

    def read_output(self) -> str:
        """Return everything that the process has printed so far."""
        return self.output.read_text()

    def wait_for_output(self, text: str, *, seconds: float = 60.0) -> None:
        """Wait until the process has printed a text."""
        end = time.monotonic() + seconds
        while text not in self.read_output():
            assert time.monotonic() < end, f"{text!r} was not printed within {seconds} s, only: {self.read_output()}"
            time.sleep(0.005)


class ForkServer:
    """Starts child processes that run Python code, in which the list ``arguments`` holds their arguments as text."""

    def __init__(self) -> None:
        # The server inherits the environment, but not the state of this interpreter, such as sys.path.
        self.server = subprocess.Popen(
            [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.outputs = tempfile.TemporaryDirectory(prefix="fork-server-")

    def send_request(self, request: dict[str, Any]) -> int:
        """Send a request to the server, and return its answer."""
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(json.dumps(request) + "\n")
        self.server.stdin.flush()
        return int(self.server.stdout.readline())

    def start(self, code: str, *arguments: object) -> ChildProcess:
        """Start a child process."""
        handle, output = tempfile.mkstemp(dir=self.outputs.name)
        os.close(handle)
        pid = self.send_request(
            {"code": code, "arguments": [str(argument) for argument in arguments], "output": output}
        )
        return ChildProcess(pid, Path(output), lambda: self.send_request({"wait": pid}))

    def close(self) -> None:
        """Stop the server; children that are still running continue."""
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.close()
        self.server.wait()
        self.server.stdout.close()
        self.outputs.cleanup()
