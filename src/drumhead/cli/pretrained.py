"""``drumhead pretrained``: list the trained networks that come with the package, or show the card of one."""

from __future__ import annotations

from typing import Annotated

import tyro
from rich import box
from rich.table import Table

from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.cli.parsing import UsageError, parse
from drumhead.cli.progress import format_score
from drumhead.suggestions import did_you_mean, nearest_names
from drumhead.zoo import pretrained, pretrained_folder, pretrained_names

CAPTION = """\
acc, IoU fg: accuracy, and foreground intersection over union, on the test set.
`drumhead pretrained NAME` shows the card of one. Each name can be given as RUN:
`drumhead movie NAME`, `drumhead predict NAME IMAGE --out FOLDER`."""


def main(args: list[str]) -> int:
    """Run ``drumhead pretrained``."""
    parse(list_networks, args, prog="drumhead pretrained")
    return OK


def list_networks(
    name: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="[NAME]")] = None,
) -> None:
    """List the trained networks that come with the package, or show the card of one.

    Args:
        name: The network whose card to show: its data, recipe, seed, scores and limits.
    """
    console = Console(highlight=False)
    if name is not None:
        print(read_card(name), end="")
        return
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("name", no_wrap=True)
    table.add_column("dataset", no_wrap=True)
    for heading in ("parameters", "acc", "IoU fg", "size"):
        table.add_column(heading, justify="right", no_wrap=True)
    for network in pretrained():
        scores = (format_score(network.acc), format_score(network.iou_foreground))
        table.add_row(
            network.name, network.dataset, f"{network.parameters:,}", *scores, f"{network.bytes / 1000:.0f} kB"
        )
    console.print(table)
    console.print(CAPTION, style="italic")


def read_card(name: str) -> str:
    """Return the card of a trained network.

    Raises:
        UsageError: if there is no network with this name.
    """
    folder = pretrained_folder(name)
    if folder is None:
        suggestion = did_you_mean(nearest_names(name, pretrained_names()))
        raise UsageError(f"no trained network is called {name!r}; {suggestion}`drumhead pretrained` lists all")
    return (folder / "card.md").read_text(encoding="utf-8")
