"""The help of a command, taken apart: usage, description, and sections of arguments with their meanings."""

from __future__ import annotations

import io
import os
import re
from contextlib import redirect_stdout, suppress
from functools import cache
from importlib import import_module
from typing import NamedTuple
from unittest.mock import patch

from drumhead.cli import COMMANDS

COLUMNS = 129
"""The width of a terminal in which help is in one column, and most arguments are in one line."""


class Argument(NamedTuple):
    """An argument of a command."""

    name: str
    """Its flags or its metavariable, such as ``--seed INT``."""
    meaning: str
    """What it does, in one line."""
    default: str | None
    """The default value of the flag as help prints it; None for a flag without default."""
    required: bool
    """Whether it must be given."""


class Section(NamedTuple):
    """A box of a command's help."""

    title: str
    """The title of the box, such as ``options``."""
    text: str
    """What the box says about all its arguments."""
    arguments: list[Argument]
    """The arguments, without ``--help``."""


class Help(NamedTuple):
    """The help of a command."""

    usage: str
    """The line of usage, without ``usage:``."""
    paragraphs: list[str]
    """The description."""
    sections: list[Section]
    """The boxes; without subcommands, which have a help of their own."""


class Utf8Buffer(io.StringIO):
    """A buffer that help is printed to as to a terminal: boxes have their lines, and their edges can be found."""

    encoding = "utf-8"


@cache
def print_help(command: str, *args: str) -> str:
    """Return what ``drumhead COMMAND ARGS --help`` prints."""
    text = Utf8Buffer()
    main = import_module(f"drumhead.cli.{COMMANDS[command].module}").main
    with patch.dict(os.environ, COLUMNS=str(COLUMNS)), redirect_stdout(text), suppress(SystemExit):
        main([*args, "--help"])
    return text.getvalue()


def parse_help(text: str) -> Help:
    """Take the help of a command apart.

    Raises:
        ValueError: if the text is not the help of a command.
    """
    head, *boxes = re.split(r"^╭─ (?=\S)", text, flags=re.MULTILINE)
    usage, *paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", head.strip())]
    if not usage.startswith("usage: "):
        raise ValueError(f"help begins with 'usage: '; got {usage[:40]!r}")
    sections = [parse_box(box) for box in boxes if not box.startswith("subcommands ")]
    return Help(usage.removeprefix("usage: "), paragraphs, [each for each in sections if each.arguments])


def parse_box(box: str) -> Section:
    """Take a box of help apart: its title, a text above a line, and arguments, whose meanings are indented."""
    first, *rest = box.splitlines()
    title = first.partition(" ─")[0]
    lines = [line[2:].rstrip("│").rstrip() for line in rest if line.startswith("│")]
    rule = next((number for number, line in enumerate(lines) if line.startswith("──")), None)
    text = "" if rule is None else " ".join(" ".join(lines[:rule]).split())
    entries: list[list[str]] = []
    for line in lines if rule is None else lines[rule + 1 :]:
        if line and not line.startswith(" "):
            entries.append(re.split(r" {2,}", line, maxsplit=1))
        elif entries:
            entries[-1].append(line)
    arguments = [parse_argument(name, " ".join(" ".join(help_lines).split())) for name, *help_lines in entries]
    return Section(title, text, [each for each in arguments if not each.name.startswith("-h,")])


def parse_argument(name: str, text: str) -> Argument:
    """Take the help of an argument apart, without the ``{None}|`` of arguments that are not needed.

    >>> parse_argument("--out {None}|PATH", "The folder. (default: runs)")
    Argument(name='--out PATH', meaning='The folder.', default='runs', required=False)
    """
    match = re.fullmatch(r"(.*?) ?\((?:default: ?(.*)|(required)|repeatable)\)", text)
    meaning, default, required = match.groups() if match else (text, None, None)
    name = name.replace("{None}|", "").replace("{None,", "{")
    return Argument(name, meaning, default if default != "None" else None, required is not None)
