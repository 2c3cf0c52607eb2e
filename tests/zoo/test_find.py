from __future__ import annotations

from pathlib import Path

import pytest
import torch

import drumhead
from drumhead.runs import Run, RunError
from drumhead.zoo import find_run, is_pretrained


def test_a_name_is_a_network_unless_a_path_of_that_name_exists(zoo: Path) -> None:
    assert find_run("tetrominoes-cnn-2") == zoo / "tetrominoes-cnn-2"
    assert is_pretrained(find_run(Path("tetrominoes-cnn-2")))
    Path("tetrominoes-cnn-2").mkdir()
    assert find_run("tetrominoes-cnn-2") == Path("tetrominoes-cnn-2")
    assert not is_pretrained("tetrominoes-cnn-2")


@pytest.mark.parametrize("path", ["runs/first", "/nowhere", "./tetrominoes-cnn-2x/"])
def test_a_path_of_several_parts_is_no_name(path: str, zoo: Path) -> None:
    with pytest.raises(RunError, match="is not a run folder"):
        drumhead.load(path)


def test_an_unknown_name_is_an_error_with_the_nearest_names(zoo: Path) -> None:
    with pytest.raises(
        RunError, match=r"no trained network has this name; did you mean tetrominoes-cnn-2\? `drumhead pretrained`"
    ):
        find_run("tetrominos-cnn-2")


def test_load_takes_the_run_folder_or_the_name(zoo: Path, trained: dict[str, Run]) -> None:
    images = torch.rand(1, 3, 20, 30, generator=torch.Generator().manual_seed(0))
    for name, run in trained.items():
        with torch.no_grad():
            here, there = drumhead.load(run.folder)(images), drumhead.load(name)(images)
        torch.testing.assert_close(there, here, rtol=0, atol=2e-2 * here.abs().max().item())
        assert not torch.equal(there, here)  # the weights of the zoo are rounded
