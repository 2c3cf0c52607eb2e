"""The table and the CSV of the paper's claims."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from rich.console import Console
from tests.results.rows import row

from drumhead.report.tables.claims_table import COLUMNS, HEAD, claims_csv, claims_table
from drumhead.report.tables.text_table import TerminalTable
from drumhead.results.claims import DecidedClaim, decide_claims
from drumhead.results.result_sets import result_sets


@pytest.fixture(scope="module")
def claims() -> list[DecidedClaim]:
    nwm = [row(seed=seed, score=0.97 + seed / 100) for seed in range(3)]
    cnn = [row("cnn", "8", seed=seed, score=0.7 + seed / 100) for seed in range(3)]
    return decide_claims(result_sets([*nwm, *cnn, row("cnn", "2", score=0.15)]))


def test_a_claim_is_followed_by_its_comparisons(claims: list[DecidedClaim]) -> None:
    table = claims_table(claims, runs="made up")
    assert table.title == "The paper's claims, made up"
    claim, two, eight = table.body[:3]
    assert claim[:7] == ["Tetrominoes: NWM linear above each CNN", *[""] * 6]
    assert claim[-1] == "supported"
    assert two == ["  CNN 2", "3/1", "0.980", "0.150", "+0.830", "1.00", "-", "-", "", ""]
    assert eight[:7] == ["  CNN 8", "3/3", "0.980", "0.710", "+0.270", "1.00", "Welch"]
    assert all(len(cells) == len(HEAD) for cells in table.body)
    without_runs = next(cells for cells in table.body if cells[0] == "MNIST: NWM above LSTM")
    assert without_runs[-3:] == ["-", "1.000", "undecided"]


def test_the_table_fits_80_columns(claims: list[DecidedClaim]) -> None:
    console = Console(width=80)
    with console.capture() as capture:
        console.print(TerminalTable(claims_table(claims, runs="made up")))
    assert capture.get().count("verdict") == 1  # columns that do not fit would follow in a second table
    assert "supported" in capture.get()


def test_csv_has_claims_and_comparisons_with_all_digits(claims: list[DecidedClaim]) -> None:
    lines = list(csv.DictReader(StringIO(claims_csv({"lite": claims}, source="ours"))))
    assert list(lines[0]) == COLUMNS
    claim, _, eight = lines[:3]
    assert (claim["recipe"], claim["source"], claim["comparison"], claim["verdict"]) == (
        "lite",
        "ours",
        "",
        "supported",
    )
    assert float(claim["p"]) == claims[0].p
    assert (eight["comparison"], eight["test"], eight["second_runs"]) == ("CNN 8", "Welch", "3")
    assert float(eight["difference"]) == pytest.approx(0.27)
