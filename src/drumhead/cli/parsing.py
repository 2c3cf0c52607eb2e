"""The parser of a command's arguments: tyro, with help text that is wrapped at the width of the terminal."""

from __future__ import annotations

import inspect
import io
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from functools import partial, wraps
from typing import Any, TextIO

import tyro
from pydantic import ValidationError

from drumhead.suggestions import did_you_mean, nearest_flags, nearest_names
from drumhead.validation_errors import explain_each

HELP_FLAGS = {"-h", "--help"}


class UsageError(ValueError):
    """The arguments of a command are invalid."""


def parse(function: Callable[..., Any], args: Sequence[str], *, prog: str, **options: Any) -> Any:
    """Call a function, or construct a class, with arguments parsed by ``tyro.cli``; return what it returns.

    Args:
        function: a function or class whose parameters are the flags.
        args: the arguments of the command line.
        prog: the command, as shown in help.
        options: further options of ``tyro.cli``.

    Raises:
        UsageError: if a flag is unknown, a required argument is missing, or a value breaks a rule of its configuration.
    """
    if is_help(args):
        with wrapped_help():
            return tyro.cli(function, args=list(args), prog=prog, **options)
    errors = io.StringIO()
    try:
        with redirect_stderr(errors):
            call, unknown = tyro.cli(
                without_call(function), args=list(args), prog=prog, return_unknown_args=True, **options
            )
    except SystemExit as stop:
        if (error := find_validation_error(stop)) is not None:
            raise UsageError(explain_value(error, args)) from None
        if missing := missing_arguments(errors.getvalue()):
            needs = f"{prog.removeprefix('drumhead ')} needs {' and '.join(missing)}"
            raise UsageError(f"{needs}; `{prog} --help` lists what it takes") from None
        sys.stderr.write(errors.getvalue())
        raise
    if unknown:
        raise UsageError(explain_unknown(unknown[0], known_flags(function, prog, options), prog))
    return call() if isinstance(call, partial) else call


def without_call(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function with the same parameters that returns the call instead of making it; a class as it is."""
    if not inspect.isfunction(function):
        return function

    @wraps(function)
    def bind(*args: Any, **keywords: Any) -> partial[Any]:
        return partial(function, *args, **keywords)

    return bind


def missing_arguments(text: str) -> list[str]:
    """Return the required arguments that an error message of tyro names; empty if the error is another one.

    >>> missing_arguments("╭─ Required options ─╮\\n│ Missing from x:\\n│     --out PATH     │\\n╰──────────╯")
    ['--out PATH']
    """
    if "Required options" not in text:
        return []
    listed = text.partition("For full helptext")[0]
    return re.findall(r"^\W {5}(\S.*?) *\W?$", listed, re.MULTILINE)  # help on an argument is indented further


def find_validation_error(error: BaseException | None) -> ValidationError | None:
    """Return pydantic's error among those that led to an error, or None."""
    while error is not None and not isinstance(error, ValidationError):
        error = error.__cause__ or error.__context__
    return error


def explain_value(error: ValidationError, args: Sequence[str]) -> str:
    """Return which values break which rules, by the flags that were given."""
    given = [arg.partition("=")[0] for arg in args if arg.startswith("--")]
    faults = []
    for (field, *_), fault in zip((each["loc"] or ("",) for each in error.errors()), explain_each(error), strict=True):
        name = str(field).replace("_", "-")
        flag = next((each for each in given if each.replace("_", "-").endswith((f"-{name}", f".{name}"))), None)
        faults.append(fault if flag is None else fault.replace(str(field), flag, 1))
    return "; ".join(faults)


def explain_unknown(argument: str, known: Sequence[str], prog: str) -> str:
    """Return an error message for an unknown flag or argument, with the nearest known flags."""
    command = prog.removeprefix("drumhead ")
    if not argument.startswith("-"):
        return f"{command} does not take the argument {argument!r}; `{prog} --help` lists what it takes"
    flag = argument.partition("=")[0]
    suggestion = did_you_mean(nearest_flags(flag, known))
    return f"{command} has no flag {flag}; {suggestion}`{prog} --help` lists all flags"


def known_flags(function: Callable[..., Any], prog: str, options: dict[str, Any]) -> list[str]:
    """Return all flags of a command, as its help lists them."""
    text = io.StringIO()
    with redirect_stdout(text), suppress(SystemExit):
        tyro.cli(function, args=["--help"], prog=prog, **options)
    return flags_in_help(text.getvalue())


def flags_in_help(text: str) -> list[str]:
    """Return the flags that a help text lists, in order.

    >>> flags_in_help("│ -h, --help   show this\\n│ --theory, --no-theory\\n│      like --other")
    ['--help', '--theory', '--no-theory']
    """
    lines = [line for line in text.splitlines() if re.match(r"[^\w-]{1,3}--?[a-z]", line)]
    found = (re.match(r"[^\w-]*((?:--?[a-z][\w.-]*(?:, )?)+)", line) for line in lines)
    listed = (match[1] for match in found if match is not None)
    return list(dict.fromkeys(flag for names in listed for flag in re.findall(r"(?<![\w-])--[a-z][\w.-]*", names)))


def parse_subcommand(functions: dict[str, Callable[..., Any]], args: Sequence[str], *, prog: str, summary: str) -> None:
    """Call the function that the first argument names, with the arguments after it.

    Args:
        functions: the function of each subcommand.
        args: the arguments of the command line.
        prog: the command, as shown in help.
        summary: one sentence that describes all subcommands.

    Raises:
        UsageError: if there is no such subcommand, or as in :func:`parse`.
    """
    if args and args[0] in functions:
        parse(functions[args[0]], args[1:], prog=f"{prog} {args[0]}")
    elif args and not is_help(args):
        suggestion = did_you_mean(nearest_names(args[0], functions))
        raise UsageError(
            f"{prog.removeprefix('drumhead ')} has no {args[0]!r}; {suggestion}{'It' if suggestion else 'it'} has "
            f"{', '.join(functions)}"
        )
    else:
        with wrapped_help():
            tyro.extras.subcommand_cli_from_dict(functions, prog=prog, description=summary, args=list(args))


def is_help(args: Sequence[str]) -> bool:
    """Return whether the arguments ask for help."""
    return bool(HELP_FLAGS & set(args))


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
def wrapped_help() -> Iterator[None]:
    """Wrap the help text that the block prints; tyro wraps only its boxes."""
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
