"""What a page loads is told from what it links to."""

from __future__ import annotations

from pathlib import Path

import pytest

from generators.offline import files_that_load, loaded_addresses


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://example.org/x.js"></script>',
        "<script defer src=https://example.org/x.js></script>",
        '<link rel="stylesheet" href="https://example.org/x.css">',
        '<link href="https://example.org/x.css" rel="stylesheet">',
        '<link rel="preconnect" href="//example.org" crossorigin>',
        '<img alt="x" src="http://example.org/x.png">',
        "@import url(https://example.org/x.css)",
        'body { background: url("//example.org/x.png") }',
    ],
)
def test_what_a_page_loads_is_found(text: str) -> None:
    assert len(loaded_addresses(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://example.org">a link</a>',
        '<link rel="canonical" href="https://example.org/page.html">',
        '<script src="../assets/x.js"></script>',
        '<img src="data:image/png;base64,AAAA//AAAA">',
        "background: url(../images/x.png)",
    ],
)
def test_links_and_own_files_are_not_loaded_from_elsewhere(text: str) -> None:
    assert loaded_addresses(text) == []


def test_files_of_a_site_are_searched(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "page.html").write_text('<img src="https://example.org/x.png">')
    (tmp_path / "index.html").write_text('<a href="https://example.org">a link</a>')
    assert list(files_that_load(tmp_path)) == [(tmp_path / "a" / "page.html", "https://example.org/x.png")]
