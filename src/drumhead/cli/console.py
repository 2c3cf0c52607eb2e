"""The terminal: what is printed is text as it stands, wherever it is from."""

from __future__ import annotations

from typing import Any

import rich.console
from rich.text import Text

from drumhead.terminal_text import escape_controls


class Console(rich.console.Console):
    """A console that takes no markup, no emoji codes and no control characters from the text it is given.

    Folders, datasets and classes may be called anything: ``[/]`` in a name is no end of bold.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, **{"highlight": False, **options})

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(escape_controls(text), **options)


def bold_title(title: str, text: str) -> Text:
    """A title in bold, and text that follows it on its line."""
    return Text.assemble((escape_controls(title), "bold"), escape_controls(text))
