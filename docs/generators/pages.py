"""All generated pages, and their place in the navigation."""

from __future__ import annotations

from functools import cache
from typing import Any

from generators.api_pages import FOLDER as API
from generators.api_pages import api_pages
from generators.command_pages import FOLDER as COMMANDS
from generators.command_pages import command_pages
from generators.field_pages import FOLDER as FIELDS
from generators.field_pages import field_pages
from generators.root_pages import root_pages

FOLDERS = (COMMANDS, FIELDS, API)
"""The folders of generated pages, which ``mkdocs.yml`` names in its navigation as ``FOLDER/``."""

LESS_IN_SEARCH = "---\nsearch:\n  boost: 0.5\n---\n\n"
"""What makes the search list a page of the reference after the guides that have the same words."""


@cache
def generated_pages() -> dict[str, str]:
    """Return the Markdown of every generated page, by its path in the site."""
    reference = command_pages() | field_pages() | api_pages()
    return {path: LESS_IN_SEARCH + text for path, text in reference.items()} | root_pages()


def expand(navigation: Any, pages: list[str]) -> Any:
    """Return a navigation in which each ``FOLDER/`` is the list of the pages in that folder.

    >>> expand([{"Start": "index.md"}, {"All": "a/"}], ["a/index.md", "a/b.md", "c.md"])
    [{'Start': 'index.md'}, {'All': ['a/index.md', 'a/b.md']}]
    """
    if isinstance(navigation, list):
        return [expand(each, pages) for each in navigation]
    if isinstance(navigation, dict):
        return {title: expand(each, pages) for title, each in navigation.items()}
    if navigation.endswith("/"):
        return [page for page in pages if page.startswith(navigation)]
    return navigation


def pages_in(navigation: Any) -> list[str]:
    """Return the paths in a navigation.

    >>> pages_in([{"Start": ["index.md", {"More": "more.md"}]}])
    ['index.md', 'more.md']
    """
    if isinstance(navigation, str):
        return [navigation]
    parts = navigation.values() if isinstance(navigation, dict) else navigation
    return [page for part in parts for page in pages_in(part)]
