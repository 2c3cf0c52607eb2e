"""The command line: one table of commands. Each parses its words, calls one function, prints what came of it."""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from importlib import import_module
from types import FrameType
from typing import NamedTuple, NoReturn

from drumhead.terminal_text import escape_controls

OK, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


class Command(NamedTuple):
    """A command: the module whose ``main(words)`` runs it, and what it does in a line."""

    module: str
    summary: str


COMMANDS = {
    "demo": Command("demo", "train a wave network and a local CNN for the same time, and show what they see"),
    "experiments": Command("experiments", "list what can be trained by name"),
    "data": Command("data", "make a dataset, check a folder of data, or import your own"),
    "train": Command("train", "train an experiment, or go on with an unfinished run"),
    "evaluate": Command("evaluate", "score runs on a test set"),
    "table": Command("table", "average runs over seeds, with the published numbers beside them"),
    "predict": Command("predict", "segment images with a run: class masks as PNG files"),
    "figure": Command("figure", "make a figure for a paper: waves and spectra, scores, samples side by side"),
    "movie": Command("movie", "show a run's waves on some samples as a GIF or MP4"),
    "reproduce": Command("reproduce", "make the paper's tables and figures, from nothing"),
    "report": Command("report", "write one HTML page of all that runs have to show"),
    "import": Command("import_run", "make a run of a published checkpoint"),
    "sweep": Command("sweep", "train many runs, on this machine or on a Slurm cluster"),
    "cancel": Command("cancel", "stop runs that are being trained or wait on a cluster"),
    "runs": Command("runs", "list runs, their state and their scores; watch them"),
}


def main(words: list[str] | None = None) -> int:
    """Run a command; returns the exit code.

    0: done. 1: the work failed. 2: wrong words or bad input, found before any work. 130: interrupted.
    """
    words = sys.argv[1:] if words is None else words
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview())
        return OK
    if words[0] == "--version":
        from drumhead import __version__

        print(f"drumhead {__version__}")
        return OK
    if words[0] not in COMMANDS:
        complain(f"no command is called {words[0]!r}; there are: {', '.join(COMMANDS)}")
        return WRONG_USAGE
    return run(words[0], words[1:])


def run(name: str, words: list[str]) -> int:
    """Run one command, with every expected failure told in a line."""
    signal.signal(signal.SIGTERM, interrupt)
    warnings.showwarning = show_warning
    os.environ.setdefault("PYDANTIC_ERRORS_INCLUDE_URL", "0")  # read when pydantic is first imported, below
    try:
        module = import_module(f"drumhead.cli.{COMMANDS[name].module}")
    except KeyboardInterrupt:  # it takes a second or two
        complain("interrupted")
        return INTERRUPTED
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # precision and device are in config.json
    try:
        code: int = module.main(words)
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has had enough, as `drumhead runs | head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (ValueError, OSError) as error:
        complain(str(error))
        return WRONG_USAGE
    except ArithmeticError as error:
        complain(str(error))
        return FAILED
    except (MemoryError, RuntimeError) as error:
        if not is_lack_of_memory(error):
            raise
        complain(f"there is not enough memory: {str(error).splitlines()[0] if str(error) else 'no more can be had'}")
        return FAILED
    return code


def is_lack_of_memory(error: Exception) -> bool:
    """Whether memory was asked for that is not there; torch says so only in words."""
    words = ("out of memory", "can't allocate memory")
    return isinstance(error, MemoryError) or any(word in str(error) for word in words)


def overview() -> str:
    """What ``drumhead --help`` prints."""
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:{width}}  {command.summary}" for name, command in COMMANDS.items())
    return (
        "usage: drumhead COMMAND ...\n\n"
        "An image strikes a drum; waves carry it to every pixel; each pixel tells what it hears.\n\n"
        f"commands:\n{commands}\n\n"
        "`drumhead COMMAND --help` tells more of each; `drumhead --version` the version.\n"
        "Begin with `drumhead demo`."
    )


def complain(message: str) -> None:
    """Print an error."""
    print(f"drumhead: {escape_controls(message)}", file=sys.stderr)


def show_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    """Print a warning as a line for the user, without a place in the code."""
    complain(f"warning: {message}")


def interrupt(signal_number: int, frame: FrameType | None) -> NoReturn:
    """Treat being told to end, as by a cluster, like Ctrl-C."""
    raise KeyboardInterrupt
