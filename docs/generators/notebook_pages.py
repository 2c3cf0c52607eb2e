"""The pages of notebooks: the scripts in ``examples``, run from top to bottom, with what they print and draw."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest.mock import patch

from generators.root_pages import ROOT

EXAMPLES = ROOT / "examples"
"""The scripts, in jupytext's percent format."""
STORE = ROOT / "build" / "notebooks"
"""Where notebooks are kept after a run, until a script or the package changes."""
FOLDER = "notebooks"
"""The folder of the pages in the site."""
MODE = "DRUMHEAD_EXAMPLES"
"""The environment variable that says how the notebooks run: ``still``, without sliders; or ``small``, on few images."""
SECONDS = 1800
"""The longest time of a cell."""


class NotebookPage(NamedTuple):
    """The page of a notebook."""

    markdown: str
    """The page."""
    pictures: dict[str, bytes]
    """Its pictures, PNG files by their path in the site."""


def notebook_paths() -> dict[str, Path]:
    """Return the scripts of the notebooks, by the path of their page in the site."""
    return {f"{FOLDER}/{script.stem}.md": script for script in sorted(EXAMPLES.glob("*.py"))}


def notebook_page(script: Path) -> NotebookPage:
    """Return the page of a notebook, which is run unless it was before, as it is now."""
    import nbformat

    mode = os.environ.get(MODE, "still")
    stored = STORE / f"{script.stem}-{mode}-{digest_of(script)}.ipynb"
    if not stored.is_file():
        notebook = run_notebook(script, mode)
        STORE.mkdir(parents=True, exist_ok=True)
        for old in STORE.glob(f"{script.stem}-{mode}-*.ipynb"):
            old.unlink()
        nbformat.write(notebook, stored)
    return render_notebook(nbformat.read(stored, as_version=4), script.stem, small=mode == "small")


def digest_of(script: Path) -> str:
    """Return a digest of a script and of the package."""
    digest = hashlib.sha256(script.read_bytes())
    for file in sorted((ROOT / "src").rglob("*")):
        if file.is_file() and file.suffix != ".pyc":
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def run_notebook(script: Path, mode: str) -> Any:
    """Run a notebook in a new folder, which is removed afterwards; an error in a cell is raised."""
    import jupytext
    from nbclient import NotebookClient

    notebook = jupytext.read(script)
    with TemporaryDirectory() as folder, patch.dict(os.environ, {MODE: mode, "TMPDIR": folder}):
        arguments = ["--log-level=ERROR"]  # at the level of warnings, it says that local TCP is not encrypted
        client = NotebookClient(
            notebook, timeout=SECONDS, resources={"metadata": {"path": folder}}, extra_arguments=arguments
        )
        client.execute()
    return notebook


def render_notebook(notebook: Any, name: str, *, small: bool = False) -> NotebookPage:
    """Return a notebook as a page: text, code, and what each cell printed and drew."""
    pictures: dict[str, bytes] = {}
    size = ", on a few images only," if small else ""
    note = f"This page is the notebook `examples/{name}.py`, as it was run{size} when the documentation was built."
    parts = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(link_notebooks(cell.source))
            if len(parts) == 1:
                parts.append(f'!!! note ""\n\n    {note}')
        elif cell.source.strip():
            source = re.sub(r" +# fmt: skip$", "", cell.source, flags=re.MULTILINE)
            parts.append(f"```python\n{source}\n```")
            parts += [part for output in cell.outputs for part in render_output(output, name, pictures)]
    return NotebookPage("\n\n".join(parts) + "\n", pictures)


def render_output(output: Any, name: str, pictures: dict[str, bytes]) -> list[str]:
    """Return what a cell printed or drew as Markdown, and add its picture to the others."""
    if output.output_type == "stream":
        return [fence_output(output.text)]
    data = output.data
    if "image/png" in data:
        picture = f"{name}-{len(pictures) + 1}.png"
        pictures[f"{FOLDER}/{picture}"] = base64.b64decode(data["image/png"])
        return [f"![What the code above draws]({picture})"]
    return [fence_output(data["text/plain"])]


def fence_output(text: str) -> str:
    """Return printed text as a block."""
    return f"```{{ .text .output }}\n{text.rstrip()}\n```"


def link_notebooks(markdown: str) -> str:
    """Return text with the names of notebooks as links to their pages.

    >>> link_notebooks("see `first_waves.py` and `other.py`")
    'see [`first_waves.py`](first_waves.md) and `other.py`'
    """
    for path in notebook_paths().values():
        markdown = markdown.replace(f"`{path.name}`", f"[`{path.name}`]({path.stem}.md)")
    return markdown
