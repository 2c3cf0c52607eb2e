"""Pages of the viewer, written once, and a browser that opens them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.report.page.browser import Browser, browser, chromium_program

from drumhead.data import Dataset, TetrominoConfig, make_dataset
from drumhead.report.samples import load_recurrent_model
from drumhead.report.viewer.network_page import network_page
from drumhead.report.viewer.page import write_viewer
from drumhead.runs import Run
from drumhead.zoo import find_run


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser without network, for all tests of pages."""
    with browser(chromium_program(), tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="session")
def trained_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the trained wave network of the package."""
    folder = tmp_path_factory.mktemp("page")
    boards = make_dataset(TetrominoConfig(train=1, val=1, test=2, seed=0), folder / "boards")
    return page_of(Run.open(find_run("tetrominoes-nwm-linear")), boards, folder / "trained.html")


@pytest.fixture(scope="session")
def nwm_page(runs: dict[str, Run], boards: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of an untrained wave network of 6 steps."""
    return page_of(runs["NWM"], boards, tmp_path_factory.mktemp("page") / "nwm.html")


@pytest.fixture(scope="session")
def lstm_page(runs: dict[str, Run], boards: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of an untrained LSTM."""
    return page_of(runs["LSTM"], boards, tmp_path_factory.mktemp("page") / "lstm.html")


def page_of(run: Run, dataset: Dataset, path: Path) -> Path:
    """Write the page of a run with two samples of a dataset."""
    write_viewer(path, network_page(run, load_recurrent_model(run), dataset, samples=[0, 1]))
    return path
