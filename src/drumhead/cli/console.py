"""The terminal: text is printed literally, wherever it comes from."""

from __future__ import annotations

from typing import Any

import rich.console
from rich.text import Text

from drumhead.terminal_text import escape_controls


class Console(rich.console.Console):
    """A console that interprets no markup, emoji codes or control characters in the text it prints.

    Folders, datasets and classes may have any name: ``[/]`` in a name does not end bold text.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, **{"highlight": False, **options})

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(escape_controls(text), **options)


def bold_title(title: str, text: str) -> Text:
    """Return a line that starts with a title in bold."""
    return Text.assemble((escape_controls(title), "bold"), escape_controls(text))
