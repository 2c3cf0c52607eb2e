"""Pages of the repository's root that are in the documentation too: the changelog, the rules for contributions."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The repository."""
PAGES = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
"""The pages, by their file in the root and by their path in the site."""


def root_pages() -> dict[str, str]:
    """Return the pages by their path in the site, with links that lead there."""
    texts = {page: (ROOT / file).read_text(encoding="utf-8") for file, page in PAGES.items()}
    return {page: re.sub(r"\]\(docs/", "](", text) for page, text in texts.items()}


def relink(markdown: str) -> str:
    """Return a page of ``docs`` with links to files of the root, and to notebooks, as links to their pages.

    >>> relink("[changes](../CHANGELOG.md), [waves](../examples/first_waves.py)")
    '[changes](changelog.md), [waves](notebooks/first_waves.md)'
    """
    for file, page in PAGES.items():
        markdown = markdown.replace(f"](../{file}", f"]({page}")
    return re.sub(r"\]\(\.\./examples/(\w+)\.py", r"](notebooks/\1.md", markdown)
