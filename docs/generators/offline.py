"""Whether a site opens without a network: which addresses of other machines its pages and styles load."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

LOADED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\ssrc=[\"']?((?:https?:)?//[^\s\"'>]+)"
    r"|<link\b(?=[^>]*\brel=[\"']?(?:stylesheet|preconnect|preload|icon|modulepreload))[^>]*?\shref=[\"']?((?:https?:)?//[^\s\"'>]+)"
)
STYLE = re.compile(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\s\"')]+)")


def loaded_addresses(text: str) -> list[str]:
    """Return the addresses of other machines that a page or style loads; links to follow are none of them.

    >>> loaded_addresses('<a href="https://a.org">a</a><script src="https://b.org/x.js"></script>')
    ['https://b.org/x.js']
    """
    return [next(filter(None, match.groups())) for pattern in (LOADED, STYLE) for match in pattern.finditer(text)]


def files_that_load(site: Path) -> Iterator[tuple[Path, str]]:
    """Yield each page and style of a site that loads an address of another machine, with the address."""
    for file in sorted(site.rglob("*")):
        if file.suffix in (".html", ".css"):
            for address in loaded_addresses(file.read_text(encoding="utf-8")):
                yield file, address
