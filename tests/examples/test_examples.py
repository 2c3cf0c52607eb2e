"""The notebooks run from top to bottom, each in a process of its own: the first two small, and all of them in full."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import jupytext
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[2] / "examples"
QUICK = ("first_waves", "own_images")
ALL = (*QUICK, "network_and_recording", "paper_figure")
PICTURES = {"first_waves": 4, "own_images": 3, "network_and_recording": 2, "paper_figure": 6}
"""The number of pictures that each notebook shows when it is run without sliders."""


def read(name: str) -> Any:
    """Return a notebook without outputs."""
    return jupytext.read(EXAMPLES / f"{name}.py")


def run(name: str, folder: Path) -> list[Any]:
    """Run a notebook in a folder, and return all its outputs; an error in a cell is raised."""
    notebook = read(name)
    client = NotebookClient(
        notebook,
        timeout=1200,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=ERROR"],  # at the level of warnings, it says that local TCP is not encrypted
    )
    client.execute()
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def check_outputs(outputs: list[Any], *, pictures: int) -> None:
    """Check that a notebook showed that many pictures, and printed no warning."""
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    assert sum("image/png" in output.get("data", {}) for output in outputs) == pictures


def test_every_notebook_is_tested() -> None:
    assert sorted(path.stem for path in EXAMPLES.glob("*.py")) == sorted(ALL) == sorted(PICTURES)
    assert [path.name for path in EXAMPLES.glob("*.py") if path.name not in (EXAMPLES / "README.md").read_text()] == []


@pytest.mark.parametrize("name", ALL)
def test_a_notebook_starts_with_a_title_and_alternates_text_and_code(name: str) -> None:
    cells = read(name).cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    assert sum(cell.cell_type == "markdown" for cell in cells) >= 5
    assert all(cell.source.startswith("## ") or not cell.source.startswith("#") for cell in cells[1:])


@pytest.mark.parametrize("name", QUICK)
def test_the_first_notebooks_run_at_small_size(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRUMHEAD_EXAMPLES", "small")
    check_outputs(run(name, tmp_path), pictures=PICTURES[name])


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", ALL)
def test_all_notebooks_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRUMHEAD_EXAMPLES", "still")
    check_outputs(run(name, tmp_path), pictures=PICTURES[name])
    assert not any(tmp_path.iterdir()), "a notebook keeps its files in a temporary folder"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_first_notebook_has_sliders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert importlib.util.find_spec("ipywidgets")
    monkeypatch.delenv("DRUMHEAD_EXAMPLES", raising=False)
    outputs = run("first_waves", tmp_path)
    assert sum("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs) == 1
