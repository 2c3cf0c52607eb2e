"""Each run of a page in detail: what came of it, what it was made of, and the command that repeats it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from drumhead.config import flatten
from drumhead.report.page.commands import train_command
from drumhead.report.page.sections import ReportSection
from drumhead.report.tables.score_tables import DASH, format_score
from drumhead.results.labels import model_label
from drumhead.results.rows import ResultRow
from drumhead.runs import Run


@dataclass(frozen=True, kw_only=True)
class RunDetails:
    """A run, in words."""

    folder: str
    model: str
    data: str
    recipe: str
    seed: int
    state: str
    remark: str
    """What a reader must know of its state; empty if it finished as it should."""
    scores: dict[str, str]
    command: str | None
    facts: dict[str, str]
    configuration: dict[str, str]


def run_details(section: ReportSection) -> Iterator[RunDetails]:
    """The details of a section's runs."""
    for run, row in section.run_rows:
        yield RunDetails(
            folder=row.run,
            model=model_label(row.model, row.variant),
            data=section.data_title,
            recipe=section.recipe,
            seed=row.seed,
            state="imported" if run.state == "imported" else row.state,
            remark=remark(run, row),
            scores={"IoU fg": number(row.iou_foreground), "mean IoU": number(row.mean_iou)},
            command=train_command(run),
            facts=facts(run, row),
            configuration=texts(flatten(run.config.experiment.model_dump(mode="json"))),
        )


def remark(run: Run, row: ResultRow) -> str:
    """Why a run is not what a finished one should be; empty if it is."""
    if run.state == "imported":
        return f"not scored yet: drumhead evaluate {run.folder}"
    return {
        "diverged": str(run.divergence()),
        "unfinished": f"{row.epochs} of {run.config.experiment.recipe.epochs} epochs are done",
        "collapsed": "predicts background everywhere; it counts in the means",
        "finished": "",
    }[row.state]


def facts(run: Run, row: ResultRow) -> dict[str, str]:
    """What is known of a run besides its configuration."""
    seconds = {} if row.seconds is None else {"seconds of training steps": f"{row.seconds:,.0f}"}
    source = {} if run.config.imported_from is None else {"imported from": run.config.imported_from}
    return {
        "parameters": f"{row.parameters:,}",
        "epochs done": str(row.epochs),
        **seconds,
        **source,
        "fingerprint of the data": run.config.data.fingerprint,
        "versions": listed(run.config.versions),
        "machine": listed(run.config.machine),
    }


def listed(values: Mapping[str, str]) -> str:
    """Names and values in a line."""
    return ", ".join(f"{name} {value}" for name, value in values.items()) or DASH


def texts(values: Mapping[str, object]) -> dict[str, str]:
    """Values as text; none as a dash."""
    return {name: DASH if value is None else str(value) for name, value in values.items()}


def number(value: float | None) -> str:
    """A score, or a dash."""
    return DASH if value is None else format_score(value)
