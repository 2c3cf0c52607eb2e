"""``drumhead experiments``: the list of experiments, at a terminal width of 80 columns."""

from __future__ import annotations

import pytest

from drumhead.cli import OK, USAGE_ERROR, main
from drumhead.experiments import experiment_specs


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def listed(printed: str) -> list[str]:
    """Return the names in the first column, in order."""
    args = [line.split()[0] for line in printed.splitlines() if line.strip()]
    return [word for word in args if word in experiment_specs()]


def test_everything_is_listed_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiments"]) == OK
    printed = capsys.readouterr().out
    assert listed(printed) == list(experiment_specs())
    assert max(map(len, printed.splitlines())) <= 80


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("tetrominoes-nwm-linear", ["176,124", "0.977 ± 0.007", "2200-2209"]),
        ("multi-mnist-nwm-linear", ["54,855", "0.927 ± 0.009", "1040-1042,", "1050-1055"]),
        ("tetrominoes-unet-4", ["122,118", " - "]),
    ],
)
def test_an_experiment_is_listed_with_its_published_scores(
    name: str, cells: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["experiments", name]) == OK
    printed = capsys.readouterr().out
    assert listed(printed)[0] == name
    assert all(cell in printed for cell in cells)


def test_words_and_dataset_filter_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiments", "NWM", "fft"]) == OK
    names = [f"{dataset}-nwm-fft" for dataset in ("tetrominoes", "mnist", "polygons", "polygons-345")]
    assert listed(capsys.readouterr().out) == names
    assert main(["experiments", "linear", "--dataset", "mnist"]) == OK
    couplings = [f"mnist-nwm-linear-coupling-{name}" for name in ("laplacian", "none")]
    assert listed(capsys.readouterr().out) == ["mnist-nwm-linear", "mnist-lstm-linear", *couplings]
    for spelling in ("multi_mnist", "multi-mnist"):
        assert main(["experiments", "--dataset", spelling]) == OK
        assert len(listed(capsys.readouterr().out)) == 5


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--dataset", "cifar"], "tetrominoes, mnist, multi_mnist, polygons, polygons_345; got 'cifar'"),
        (["nwm", "gru"], "no experiment has nwm and gru in its name"),
        (["unet", "--dataset", "mnist"], "no experiment on mnist has unet in its name"),
    ],
)
def test_unknown_names_are_reported(args: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiments", *args]) == USAGE_ERROR
    assert message in capsys.readouterr().err
