"""``drumhead figure``: figures for papers, each as PDF and PNG. ``FIGURES`` lists them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from drumhead.cli import OK
from drumhead.cli.parsing import parse_subcommand

FIGURES = ("data", "drums", "polygons", "receptive-field", "samples", "scores", "square-area", "waves")
"""The figures, each a function in a module of ``drumhead.cli.figures`` with the same name."""


def main(args: list[str]) -> int:
    """Run ``drumhead figure``; of the figures, import only the one that the arguments name."""
    names = args[:1] if args and args[0] in FIGURES else FIGURES
    functions = {name: find_figure(name) for name in names}
    parse_subcommand(functions, args, prog="drumhead figure", summary="Draw a figure for a paper, as PDF and PNG.")
    return OK


def find_figure(name: str) -> Callable[..., None]:
    """Return the function that draws a figure."""
    function = name.replace("-", "_")
    draw: Callable[..., None] = getattr(import_module(f"drumhead.cli.figures.{function}"), function)
    return draw
