"""The parser of a command's arguments: tyro, with help text that is wrapped at the width of the terminal."""

from __future__ import annotations

import io
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any, TextIO

import tyro


def parse(function: Callable[..., Any], args: Sequence[str], *, prog: str, **options: Any) -> Any:
    """Call a function, or construct a class, with arguments parsed by ``tyro.cli``; return what it returns.

    Args:
        function: a function or class whose parameters are the flags.
        args: the arguments of the command line.
        prog: the command, as shown in help.
        options: further options of ``tyro.cli``.
    """
    with wrapped_help(args):
        return tyro.cli(function, args=list(args), prog=prog, **options)


def parse_subcommand(functions: dict[str, Callable[..., Any]], args: Sequence[str], *, prog: str, summary: str) -> None:
    """Call the function that the first argument names, with the arguments after it.

    Args:
        functions: the function of each subcommand.
        args: the arguments of the command line.
        prog: the command, as shown in help.
        summary: one sentence that describes all subcommands.
    """
    with wrapped_help(args):
        tyro.extras.subcommand_cli_from_dict(functions, prog=prog, description=summary, args=list(args))


class HelpBuffer(io.StringIO):
    """A buffer for help text with the properties of standard output, which decide on colours and box characters."""

    def __init__(self, stdout: TextIO) -> None:
        super().__init__()
        self.stdout = stdout

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.stdout.encoding

    def isatty(self) -> bool:
        return self.stdout.isatty()


@contextmanager
def wrapped_help(args: Sequence[str]) -> Iterator[None]:
    """Wrap the help text that the block prints, if the arguments ask for help; tyro wraps only its boxes."""
    if not {"-h", "--help"} & set(args):
        yield
        return
    buffer = HelpBuffer(sys.stdout)
    try:
        with redirect_stdout(buffer):
            yield
    finally:
        print(wrap(buffer.getvalue(), shutil.get_terminal_size().columns), end="")


def wrap(text: str, width: int) -> str:
    """Return the text with long lines wrapped.

    >>> print(wrap("usage: drumhead runs FOLDER", 20))
    usage: drumhead runs
        FOLDER
    """
    lines = []
    for line in text.split("\n"):
        indent = "    " if "usage:" in line else ""
        is_box = line.startswith(("╭", "│", "╰"))
        lines += (
            [line] if is_box else (textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) or [""])
        )
    return "\n".join(lines)
