"""The paper's claims: the published runs, and made-up ones for every verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from scipy.stats import fisher_exact, mannwhitneyu
from tests.results.rows import row

from drumhead.published import published_runs
from drumhead.published.background_scores import PUBLISHED_BACKGROUND_SCORES
from drumhead.results.claims import DecidedClaim, claim_groups, decide_claims
from drumhead.results.published_results import published_result_sets
from drumhead.results.result_sets import result_sets
from drumhead.results.rows import ResultRow
from drumhead.results.two_sample_tests import holm

CNN = "Tetrominoes: NWM linear above each CNN"
READOUTS = "Tetrominoes: linear above each other readout"
LSTM = "Tetrominoes: NWM above LSTM"
SMALLER = "Multi-MNIST: NWM above U-Nets with fewer parameters"
LARGER = "Multi-MNIST: NWM less than 0.05 below U-Nets with more parameters"
FAILURES = "NWM training fails less often than that of CNNs"


def by_text(claims: Sequence[DecidedClaim]) -> dict[str, DecidedClaim]:
    return {claim.text: claim for claim in claims}


PUBLISHED = by_text(decide_claims(published_result_sets()))


def decide(*rows: ResultRow) -> dict[str, DecidedClaim]:
    return by_text(decide_claims(result_sets(rows)))


def runs(model: str, variant: str, scores: Sequence[float], **fields: Any) -> list[ResultRow]:
    """Return a run for each score; a score of 0 is of a run that collapsed."""
    return [
        row(model, variant, seed=seed, score=score, **{"state": "finished" if score else "collapsed", **fields})
        for seed, score in enumerate(scores)
    ]


def test_verdicts_on_the_published_runs() -> None:
    assert {text: claim.verdict for text, claim in PUBLISHED.items()} == {
        CNN: "undecided",
        "MNIST: NWM linear above each CNN": "supported",
        READOUTS: "undecided",
        "MNIST: linear above each other readout": "supported",
        LSTM: "supported",
        "MNIST: NWM above LSTM": "undecided",
        SMALLER: "supported",
        LARGER: "undecided",
        FAILURES: "supported",
        "NWM training fails less often than that of LSTMs": "supported",
    }


def test_published_p_values_are_scipys() -> None:
    scores: dict[str, list[float]] = {}
    for run in published_runs():
        scores.setdefault(run.experiment, []).append(run.iou_foreground)
    lstm = mannwhitneyu(scores["tetrominoes-nwm-linear"], scores["tetrominoes-lstm-linear"], method="exact")
    assert PUBLISHED[LSTM].p == pytest.approx(float(lstm.pvalue))
    (comparison,) = PUBLISHED[LSTM].comparisons
    assert comparison.difference == pytest.approx(0.0336, abs=1e-4)
    assert comparison.probability == 0.98
    shifted = [score + 0.05 for score in scores["multi-mnist-nwm-linear"]]
    rival = mannwhitneyu(shifted, scores["multi-mnist-unet-5"], method="exact")
    assert PUBLISHED[LARGER].p == pytest.approx(float(rival.pvalue))


def test_a_claim_is_as_weak_as_its_weakest_comparison() -> None:
    claim = PUBLISHED[CNN]
    assert [comparison.title for comparison in claim.comparisons] == [f"CNN {n}" for n in (2, 4, 8, 16, 32)]
    p_values = [comparison.p.above for comparison in claim.comparisons if comparison.p is not None]
    assert claim.p == 2 * max(p_values)
    assert max(p_values) == p_values[3]  # four of its ten runs are above most NWMs


def test_p_values_are_adjusted_for_the_number_of_claims() -> None:
    claims = list(PUBLISHED.values())
    assert [claim.adjusted_p for claim in claims] == holm([1.0 if claim.p is None else claim.p for claim in claims])
    (alone,) = [claim for claim in decide(*NWM, *runs("cnn", "8", [0.7, 0.71, 0.72])).values() if claim.text == CNN]
    assert alone.p is not None
    assert alone.adjusted_p == pytest.approx(10 * alone.p)  # nine claims have no runs


NWM = runs("nwm", "linear", [0.97, 0.975, 0.98])


def test_three_seeds_are_compared_by_welchs_test() -> None:
    claim = decide(*NWM, *runs("cnn", "8", [0.70, 0.71, 0.72]), *runs("cnn", "2", [0.15]))[CNN]
    two, eight = claim.comparisons
    assert (two.test, two.p, two.runs) == (None, None, (3, 1))
    assert (eight.test, eight.runs) == ("Welch", (3, 3))
    assert claim.verdict == "supported"


def test_the_opposite_is_not_supported() -> None:
    claim = decide(*NWM, *runs("cnn", "8", [0.990, 0.991, 0.992]), *runs("cnn", "2", [0.15, 0.151, 0.152]))[CNN]
    assert claim.p is not None
    opposite = [comparison.p.below for comparison in claim.comparisons if comparison.p is not None]
    assert claim.p == pytest.approx(2 * 2 * min(opposite))  # of two comparisons
    clear = decide(*NWM, *runs("conv_lstm", "linear", [0.9970, 0.9971, 0.9972]))[LSTM]
    assert clear.verdict == "undecided"
    ours = runs("nwm", "linear", [0.40 + seed / 100 for seed in range(8)])
    assert decide(*ours, *runs("conv_lstm", "linear", [0.9 + seed / 100 for seed in range(8)]))[LSTM].verdict == (
        "not supported"
    )


def test_one_run_each_decides_nothing() -> None:
    claim = decide(*runs("nwm", "linear", [0.97]), *runs("conv_lstm", "linear", [0.5]))[LSTM]
    assert (claim.p, claim.adjusted_p, claim.verdict) == (None, 1, "undecided")
    assert claim.comparisons[0].runs == (1, 1)


def test_changed_models_are_not_the_papers() -> None:
    claims = decide(*NWM, *runs("nwm", "linear, steps 50", [0.1, 0.2]), *runs("cnn", "8, pixel widths 4", [0.0, 0.1]))
    assert claims[READOUTS].comparisons == claims[CNN].comparisons == claims[FAILURES].comparisons == []


def test_unets_are_grouped_by_parameters() -> None:
    background = PUBLISHED_BACKGROUND_SCORES["multi_mnist"]
    fields = {"dataset": "multi_mnist", "background_acc": background.acc, "background_iou": background.iou}
    nwm = [0.92 + seed / 1000 for seed in range(8)]
    claims = decide(
        *runs("nwm", "linear", nwm, parameters=54_855, **fields),
        *runs("unet", "2", [0.5 + seed / 1000 for seed in range(8)], parameters=30_745, **fields),
        *runs("unet", "3", [0.96 + seed / 1000 for seed in range(8)], parameters=68_834, **fields),
    )
    (small,), (large,) = claims[SMALLER].comparisons, claims[LARGER].comparisons
    assert (small.title, large.title) == ("U-Net 2 (30,745 parameters)", "U-Net 3 (68,834 parameters)")
    assert large.difference == pytest.approx(-0.04)
    assert large.probability == 0
    assert claims[SMALLER].verdict == claims[LARGER].verdict == "supported"  # 0.04 below is less than 0.05


def test_runs_that_collapsed_or_diverged_failed() -> None:
    nwm = runs("nwm", "linear", [0.9] * 12)
    cnn = [*runs("cnn", "8", [0.7, 0.7, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), row("cnn", "2", score=None, state="diverged")]
    claim = decide(*nwm, *cnn, row("cnn", "4", score=None, state="unfinished"))[FAILURES]
    (comparison,) = claim.comparisons
    assert comparison.runs == (12, 9)
    assert comparison.means == (0, 7 / 9)
    assert claim.p == pytest.approx(2 * float(fisher_exact([[0, 12], [7, 2]], alternative="less").pvalue))
    assert claim.verdict == "supported"


def test_only_the_papers_test_set_and_training_data_count() -> None:
    lite, other = row(recipe="lite"), row(seed=1, background_acc=0.8, data="e" * 64)
    elsewhere = row(seed=2, trained_on="e" * 64)
    groups = claim_groups(result_sets([row(), lite, other, elsewhere]))
    assert {
        recipe: [each.seed for result_set in sets for each in result_set.rows] for recipe, sets in groups.items()
    } == {
        "paper": [0],
        "lite": [0],
    }
    with pytest.raises(ValueError, match="decided on the paper's test sets; none of these runs"):
        claim_groups(result_sets([other, elsewhere]))


def test_two_sets_of_one_dataset_are_refused() -> None:
    with pytest.raises(ValueError, match="got several of one"):
        decide(row(), row(data="e" * 64, trained_on="e" * 64))
