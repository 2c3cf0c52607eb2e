"""A notebook as a page: text, code, output and pictures, with an error raised and a temporary folder removed."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import nbformat
import pytest

from generators import notebook_pages
from generators.notebook_pages import notebook_page, render_notebook

PNG = b"\x89PNG..."


def make_notebook(*outputs: dict[str, Any]) -> Any:
    """Return a notebook with a text and a code cell with outputs."""
    nodes = [nbformat.from_dict(output) for output in outputs]
    text = nbformat.v4.new_markdown_cell("# Title\n\nMore in `first_waves.py`.")
    return nbformat.v4.new_notebook(cells=[text, nbformat.v4.new_code_cell("print(1)  # fmt: skip", outputs=nodes)])


def test_text_code_and_output_are_in_order() -> None:
    notebook = make_notebook({"output_type": "stream", "name": "stdout", "text": "1\n"})
    page = render_notebook(notebook, "example").markdown
    assert page.startswith("# Title\n\nMore in [`first_waves.py`](first_waves.md).\n")
    assert page.endswith("```python\nprint(1)\n```\n\n```{ .text .output }\n1\n```\n")
    assert "`examples/example.py`, as it was run when" in page
    assert "on a few images only" in render_notebook(notebook, "example", small=True).markdown


def test_pictures_become_files() -> None:
    data = {"image/png": base64.b64encode(PNG).decode(), "text/plain": "<Figure>"}
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    page = render_notebook(make_notebook(output, output), "example")
    assert page.pictures == {"notebooks/example-1.png": PNG, "notebooks/example-2.png": PNG}
    assert "(example-1.png)" in page.markdown
    assert "<Figure>" not in page.markdown


def test_a_notebook_is_run_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []

    def run(script: Path, mode: str) -> Any:
        runs.append((script.stem, mode))
        return make_notebook()

    monkeypatch.setattr(notebook_pages, "STORE", tmp_path / "store")
    monkeypatch.setattr(notebook_pages, "run_notebook", run)
    monkeypatch.setenv("DRUMHEAD_EXAMPLES", "small")
    script = tmp_path / "example.py"
    script.write_text("# %% [markdown]\n# # Title\n")
    first = notebook_page(script)
    assert notebook_page(script) == first
    assert runs == [("example", "small")]
    script.write_text("# %% [markdown]\n# # Another title\n")
    notebook_page(script)
    monkeypatch.delenv("DRUMHEAD_EXAMPLES")
    notebook_page(script)
    assert [mode for _, mode in runs] == ["small", "small", "still"]
    assert len(list((tmp_path / "store").iterdir())) == 2
