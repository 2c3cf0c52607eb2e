"""The command line: one table of commands. A command parses its arguments, calls one function, prints the result."""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from importlib import import_module
from types import FrameType
from typing import Literal, NamedTuple, NoReturn

from drumhead.suggestions import did_you_mean, nearest_names
from drumhead.systems import unsupported_system
from drumhead.terminal_text import escape_controls

OK, FAILED, USAGE_ERROR, INTERRUPTED = 0, 1, 2, 130


class Command(NamedTuple):
    """A command of ``drumhead``."""

    module: str
    """The module of ``drumhead.cli`` whose ``main(args)`` runs the command."""
    group: Literal["data", "train", "judge", "show", "many runs"]
    """The heading of the command in ``drumhead --help``."""
    summary: str
    """One line that says what the command does."""


COMMANDS = {
    "data": Command("data", "data", "make a dataset, check a dataset folder, or import your own data"),
    "experiments": Command("experiments", "train", "list the experiments that can be trained by name"),
    "train": Command("train", "train", "train an experiment, or resume an unfinished run"),
    "demo": Command("demo", "train", "show trained networks; train a wave network in minutes"),
    "import": Command("import_run", "train", "convert a published checkpoint to a run"),
    "evaluate": Command("evaluate", "judge", "score runs on a test set"),
    "table": Command("table", "judge", "average scores over seeds, beside the published scores"),
    "pretrained": Command("pretrained", "show", "list the trained networks that come with the package"),
    "predict": Command("predict", "show", "segment images with a run; write class masks as PNG files"),
    "movie": Command("movie", "show", "show a run's waves on some samples as a GIF or MP4"),
    "view": Command("view", "show", "write an HTML page to try a network on drawings, or a drum"),
    "figure": Command("figure", "show", "draw a figure for a paper: waves and spectra, scores, or samples"),
    "states": Command("states", "show", "write a run's hidden states to a file: NumPy or NWB"),
    "waves": Command("waves", "show", "measure travelling waves of a recording or a run"),
    "report": Command("report", "show", "write one HTML page of runs: scores, figures, movies, commands"),
    "sweep": Command("sweep", "many runs", "train many runs, on this machine or on a Slurm cluster"),
    "runs": Command("runs", "many runs", "list or watch runs: their state, progress and scores"),
    "cancel": Command("cancel", "many runs", "stop runs that are training, or waiting on a cluster"),
    "reproduce": Command("reproduce", "many runs", "reproduce the paper's tables and figures, from data to report"),
}


def main(args: list[str] | None = None) -> int:
    """Run a command and return the exit code.

    The codes are: 0 success; 1 the work failed; 2 usage error or invalid input, found before any work;
    130 interrupted.
    """
    args = sys.argv[1:] if args is None else args
    if not args or args[0] in ("-h", "--help", "help"):
        print(overview())
        return OK
    if args[0] == "--version":
        from drumhead import __version__

        print(f"drumhead {__version__}")
        return OK
    if args[0] == "--print-completion":
        return print_completion(args[1] if len(args) > 1 else "")
    if args[0] not in COMMANDS:
        suggestion = did_you_mean(nearest_names(args[0], COMMANDS))
        print_error(f"unknown command {args[0]!r}; {suggestion}The commands are {', '.join(COMMANDS)}")
        return USAGE_ERROR
    if reason := unsupported_system():
        print_error(reason)
        return USAGE_ERROR
    return run(args[0], [expand_home(arg) for arg in args[1:]])


def print_completion(shell: str) -> int:
    """Print the script by which a shell completes commands, experiments and flags."""
    from drumhead.cli.completion import completion_script

    try:
        print(completion_script(shell), end="")
    except ValueError as error:
        print_error(str(error))
        return USAGE_ERROR
    return OK


def expand_home(arg: str) -> str:
    """Return an argument with ``~`` as the home folder, also where a shell does not expand it: ``--out=~/runs``."""
    flag, equals, value = arg.rpartition("=") if arg.startswith("--") else ("", "", arg)
    return f"{flag}{equals}{os.path.expanduser(value)}"


def run(name: str, args: list[str]) -> int:
    """Run one command; every expected failure is reported in one line."""
    signal.signal(signal.SIGTERM, interrupt)
    warnings.showwarning = show_warning
    if "NUMBA_CACHE_DIR" in os.environ:
        os.environ["NUMBA_CACHE_DIR"] = os.path.expanduser(os.environ["NUMBA_CACHE_DIR"])  # before Numba reads it
    try:
        module = import_module(f"drumhead.cli.{COMMANDS[name].module}")
    except KeyboardInterrupt:  # the import takes a second or two
        print_error("interrupted")
        return INTERRUPTED
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # precision and device are in config.json
    try:
        code: int = module.main(args)
    except KeyboardInterrupt:
        print_error("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has stopped reading, as in `drumhead runs | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (ValueError, OSError) as error:
        print_error(explain(error))
        return USAGE_ERROR
    except ArithmeticError as error:
        print_error(str(error))
        return FAILED
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        print_error(f"not enough memory: {str(error).splitlines()[0] if str(error) else 'an allocation failed'}")
        return FAILED
    return code


def explain(error: ValueError | OSError) -> str:
    """Return the message of an error, in plain words if it is pydantic's."""
    from pydantic import ValidationError  # only now, because the import takes long

    from drumhead.validation_errors import explain_validation_error

    return explain_validation_error(error) if isinstance(error, ValidationError) else str(error)


def is_out_of_memory(error: Exception) -> bool:
    """Whether an allocation failed; torch raises a ``RuntimeError`` that only its message tells apart."""
    phrases = ("out of memory", "can't allocate memory")
    return isinstance(error, MemoryError) or any(phrase in str(error) for phrase in phrases)


def overview() -> str:
    """Return what ``drumhead --help`` prints: the commands, by group."""
    width = max(map(len, COMMANDS))
    groups: dict[str, list[str]] = {}
    for name, command in COMMANDS.items():
        groups.setdefault(command.group, []).append(f"  {name:{width}}  {command.summary}")
    listing = "\n\n".join("\n".join([f"{group}:", *lines]) for group, lines in groups.items())
    return (
        "usage: drumhead COMMAND ...\n\n"
        "Recurrent networks whose hidden state is a wave field, for image segmentation.\n\n"
        f"{listing}\n\n"
        "Run `drumhead COMMAND --help` for details, `drumhead --version` for the version,\n"
        "`drumhead --print-completion bash` (or zsh) to complete commands by Tab.\n"
        "Start with `drumhead demo`."
    )


def print_error(message: str) -> None:
    """Print an error message to stderr."""
    print(f"drumhead: {escape_controls(message)}", file=sys.stderr)


def show_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    """Print a warning in one line, without its position in the code."""
    print_error(f"warning: {message}")


def interrupt(signal_number: int, frame: FrameType | None) -> NoReturn:
    """Handle SIGTERM, which a cluster sends to end a job, like Ctrl-C."""
    raise KeyboardInterrupt
