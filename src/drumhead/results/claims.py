"""The paper's claims, decided one by one from runs: the published ones, or one's own.

A claim is about runs on the paper's test sets with one recipe. It is decided by this rule:

1. Scores are foreground IoUs. Two models are compared by Mann and Whitney's test if both have at least ``RANK_SEEDS``
   seeds, otherwise by Welch's t-test, which needs two seeds each; a comparison with fewer is left out. Collapsed runs
   count with their score, 0. How often training fails is compared by an exact test within each dataset.
2. A claim about several comparisons ("above each CNN") needs all of them: its one-sided p-value is their largest (an
   intersection-union test). That of the opposite, that one of them goes the other way, is their smallest one-sided
   p-value of the opposite, times their number (Bonferroni). The claim's p-value is twice the smaller of the two.
3. The p-values are adjusted for the number of claims by Holm's method. A claim without runs counts as p = 1.
4. If the adjusted p-value is below ``LEVEL``, the claim is "supported", or "not supported" if it is the opposite that
   has the smaller p-value. Otherwise it is "undecided" with this number of seeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from drumhead.results.labels import model_label
from drumhead.results.result_sets import ModelResults, ResultSet
from drumhead.results.run_titles import dataset_title
from drumhead.results.two_sample_tests import (
    Counts,
    OneSided,
    collapse_test,
    holm,
    mann_whitney_test,
    probability_above,
    welch_test,
)

METRIC = "iou_foreground"
"""The score that claims are about."""
RANK_SEEDS = 6
"""The least number of seeds for Mann and Whitney's test, whose smallest two-sided p-value is then 0.002."""
LEVEL = 0.05
"""The significance level."""
MARGIN = 0.05
"""The foreground IoU by which a network may be below a larger one and still rival it."""

Verdict = Literal["supported", "not supported", "undecided"]
TestName = Literal["Mann-Whitney", "Welch", "exact"]


class Comparison(NamedTuple):
    """Two groups of runs, of which the claim says that the first is better."""

    title: str
    """The second group, or the dataset."""
    runs: tuple[int, int]
    """The number of runs of both groups."""
    means: tuple[float, float]
    """The mean foreground IoU of both groups, or the share of their runs that failed."""
    probability: float | None
    """The probability that a run of the first group has the higher score; None for shares."""
    p: OneSided | None
    """The p-values of "the first group is better" (``above``) and of the opposite; None with too few runs."""
    test: TestName | None
    """The test that gave the p-values."""

    @property
    def difference(self) -> float:
        """The first mean minus the second."""
        return self.means[0] - self.means[1]


class Evidence(NamedTuple):
    """What decides a claim."""

    comparisons: list[Comparison]
    p: OneSided | None
    """The p-values of the claim (``above``) and of its opposite (``below``); None without enough runs."""


@dataclass(frozen=True)
class DecidedClaim:
    """A claim with its verdict."""

    text: str
    comparisons: list[Comparison]
    """The comparisons that the claim consists of, as far as there are runs."""
    p: float | None
    """The two-sided p-value of the claim; None without enough runs."""
    adjusted_p: float
    """The p-value, adjusted for the number of claims."""
    verdict: Verdict


def claim_groups(result_sets: Iterable[ResultSet]) -> dict[str, list[ResultSet]]:
    """Return the sets of results that claims can be decided with, by recipe: those on the paper's test sets.

    Raises:
        ValueError: if there are none.
    """
    groups: dict[str, list[ResultSet]] = {}
    for result_set in result_sets:
        if result_set.is_published and result_set.key.trained_on == result_set.key.data:
            groups.setdefault(result_set.key.recipe, []).append(result_set)
    if not groups:
        raise ValueError(
            "the paper's claims are decided on the paper's test sets; none of these runs was trained on the paper's "
            "data and scored on its test set. `drumhead table --published --claims` decides them for the published runs"
        )
    return groups


def decide_claims(result_sets: Iterable[ResultSet]) -> list[DecidedClaim]:
    """Return all claims with their verdicts, from results with one recipe on the paper's test sets.

    >>> from drumhead.results.published_results import published_result_sets
    >>> print(*(claim.verdict for claim in decide_claims(published_result_sets())[:2]), sep=", ")
    undecided, supported

    Raises:
        ValueError: if a dataset occurs twice.
    """
    sets = list(result_sets)
    by_dataset = {result_set.key.dataset: result_set for result_set in sets}
    if len(by_dataset) < len(sets):
        raise ValueError(
            "the paper's claims are decided with one set of results for each dataset; got several of one, whose runs "
            f"have one test set but other training images: {', '.join(result_set.key.dataset for result_set in sets)}"
        )
    evidence = all_evidence(by_dataset)
    adjusted = holm([1.0 if each.p is None else each.p.two_sided for each in evidence.values()])
    return [
        DecidedClaim(text, each.comparisons, None if each.p is None else each.p.two_sided, p, verdict(each.p, p))
        for (text, each), p in zip(evidence.items(), adjusted, strict=True)
    ]


def all_evidence(by_dataset: Mapping[str, ResultSet]) -> dict[str, Evidence]:
    """Return the evidence on every claim, by the claim's text."""
    models = {name: unchanged_models(result_set) for name, result_set in by_dataset.items()}
    boards, digits, many = (models.get(name, {}) for name in ("tetrominoes", "mnist", "multi_mnist"))
    small, large = split_by_parameters(many)
    return {
        "Tetrominoes: NWM linear above each CNN": score_evidence(boards, of_model(boards, "cnn")),
        "MNIST: NWM linear above each CNN": score_evidence(digits, of_model(digits, "cnn")),
        "Tetrominoes: linear above each other readout": score_evidence(boards, of_model(boards, "nwm")),
        "MNIST: linear above each other readout": score_evidence(digits, of_model(digits, "nwm")),
        "Tetrominoes: NWM above LSTM": score_evidence(boards, of_model(boards, "conv_lstm", "linear")),
        "MNIST: NWM above LSTM": score_evidence(digits, of_model(digits, "conv_lstm", "linear")),
        "Multi-MNIST: NWM above U-Nets with fewer parameters": score_evidence(many, small),
        f"Multi-MNIST: NWM less than {MARGIN} below U-Nets with more parameters": score_evidence(
            many, large, margin=MARGIN
        ),
        "NWM training fails less often than that of CNNs": failure_evidence(models, "cnn"),
        "NWM training fails less often than that of LSTMs": failure_evidence(models, "conv_lstm"),
    }


def unchanged_models(result_set: ResultSet) -> dict[tuple[str, str], ModelResults]:
    """Return the results of models whose fields are the paper's, by model and variant."""
    return {(each.model, each.variant): each for each in result_set.models if "," not in each.variant}


Models = Mapping[tuple[str, str], ModelResults]
NWM = ("nwm", "linear")
"""The paper's main model."""


def of_model(models: Models, model: str, variant: str | None = None) -> list[ModelResults]:
    """Return the results of a model other than the NWM with linear readout, of one variant or of all."""
    return [
        each for key, each in models.items() if key != NWM and each.model == model and variant in (None, each.variant)
    ]


def split_by_parameters(models: Models) -> tuple[list[ModelResults], list[ModelResults]]:
    """Return the results of U-Nets with fewer parameters than the NWM with linear readout, and of those with more."""
    if NWM not in models:
        return [], []
    unets, limit = of_model(models, "unet"), models[NWM].rows[0].parameters
    return (
        [each for each in unets if each.rows[0].parameters < limit],
        [each for each in unets if each.rows[0].parameters >= limit],
    )


def score_evidence(models: Models, others: Sequence[ModelResults], *, margin: float = 0.0) -> Evidence:
    """Return the comparisons of the NWM with linear readout with each of the others, and their joint p-values."""
    comparisons = [compare_scores(models[NWM], other, margin=margin) for other in others if NWM in models]
    found = [each for each in comparisons if each is not None]
    tested = [each.p for each in found if each.p is not None]
    if not tested:
        return Evidence(found, None)
    above, below = max(p.above for p in tested), min(1.0, len(tested) * min(p.below for p in tested))
    return Evidence(found, OneSided(above, below))


def compare_scores(first: ModelResults, second: ModelResults, *, margin: float = 0.0) -> Comparison | None:
    """Return the comparison of two models; None if one has no scores.

    Args:
        first: the model that the claim says is better.
        second: the model that it is compared with.
        margin: what is added to the scores of the first model before the test.
    """
    ours, theirs = (list(each.values(METRIC).values()) for each in (first, second))
    if not ours or not theirs:
        return None
    shifted = [score + margin for score in ours]
    by_rank = min(len(ours), len(theirs)) >= RANK_SEEDS
    p = mann_whitney_test(shifted, theirs) if by_rank else welch_test(shifted, theirs)
    test: TestName | None = None if p is None else "Mann-Whitney" if by_rank else "Welch"
    title = model_label(second.model, second.variant)
    if second.model == "unet":
        title += f" ({second.rows[0].parameters:,} parameters)"
    means = sum(ours) / len(ours), sum(theirs) / len(theirs)
    return Comparison(title, (len(ours), len(theirs)), means, probability_above(ours, theirs), p, test)


def failure_evidence(models: Mapping[str, Models], other: str) -> Evidence:
    """Return how often the training of NWMs and of another model fails on each dataset that has runs of both.

    Training failed if the run collapsed to background, or diverged.
    """
    strata = {}
    for dataset, results in models.items():
        (failed, runs), (others_failed, others_runs) = (failures(results, model) for model in ("nwm", other))
        if runs and others_runs:
            strata[dataset] = Counts(failed, runs, others_failed, others_runs)
    comparisons = [
        Comparison(
            title=dataset_title(dataset),
            runs=(counts.first_runs, counts.second_runs),
            means=(counts.first / counts.first_runs, counts.second / counts.second_runs),
            probability=None,
            p=fewer_failures([counts]),
            test="exact",
        )
        for dataset, counts in strata.items()
    ]
    return Evidence(comparisons, fewer_failures(list(strata.values())) if strata else None)


def fewer_failures(strata: Sequence[Counts]) -> OneSided:
    """Return the p-values of "the first group fails less often" (``above``: it is better) and of the opposite."""
    p = collapse_test(strata)
    return OneSided(above=p.below, below=p.above)


def failures(models: Models, model: str) -> tuple[int, int]:
    """Return how many runs of a model failed, and how many there are, unfinished ones aside."""
    results = [each for each in models.values() if each.model == model]
    diverged = sum(len(each.in_state("diverged")) for each in results)
    collapsed = sum(len(each.in_state("collapsed")) for each in results)
    return collapsed + diverged, sum(len(each.trained) for each in results) + diverged


def verdict(p: OneSided | None, adjusted_p: float) -> Verdict:
    """Return the verdict on a claim."""
    if p is None or adjusted_p >= LEVEL:
        return "undecided"
    return "supported" if p.above < p.below else "not supported"
