"""The details of each run in the report: its outcome, its configuration, and the command that repeats it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from drumhead.config import flatten
from drumhead.report.page.sections import ReportSection
from drumhead.report.page.train_command import train_command
from drumhead.report.tables.score_tables import DASH, format_score
from drumhead.results.labels import model_label
from drumhead.results.rows import ResultRow
from drumhead.runs import Run, early_stop_note


@dataclass(frozen=True, kw_only=True)
class RunDetails:
    """The details of a run, as text."""

    folder: str
    model: str
    data: str
    recipe: str
    seed: int
    state: str
    state_note: str
    """An explanation of the state; empty if the run finished normally."""
    scores: dict[str, str]
    command: str | None
    facts: dict[str, str]
    configuration: dict[str, str]


def run_details(section: ReportSection) -> Iterator[RunDetails]:
    """Yield the details of a section's runs."""
    for run, row in section.run_rows:
        yield RunDetails(
            folder=row.run,
            model=model_label(row.model, row.variant),
            data=section.data_title,
            recipe=section.recipe,
            seed=row.seed,
            state="imported" if run.state == "imported" else row.state,
            state_note=state_note(run, row),
            scores={"IoU fg": format_score(row.iou_foreground), "mean IoU": format_score(row.mean_iou)},
            command=train_command(run),
            facts=run_facts(run, row),
            configuration=as_texts(flatten(run.config.experiment.model_dump(mode="json"))),
        )


def state_note(run: Run, row: ResultRow) -> str:
    """Return an explanation of a run's state; empty if the run finished normally."""
    if run.state == "imported":
        return f"not scored yet: drumhead evaluate {shlex.quote(str(run.folder))}"
    recipe = run.config.experiment.recipe
    progress = f"{row.epochs} of {recipe.epochs} epochs are"
    if recipe.seconds is not None:
        progress = f"{row.seconds or 0:.0f} of {recipe.seconds:g} s of training are"
    return {
        "diverged": str(run.divergence()),
        "unfinished": f"{progress} done",
        "collapsed": "predicts background everywhere; it is included in the means",
        "finished": "",
    }[row.state]


def run_facts(run: Run, row: ResultRow) -> dict[str, str]:
    """Return what is known of a run apart from its configuration, by name."""
    seconds = {} if row.seconds is None else {"seconds of training steps": f"{row.seconds:,.0f}"}
    stop = early_stop_note(run)
    source = {} if run.config.imported_from is None else {"imported from": run.config.imported_from}
    if (start := run.config.initial_weights) is not None:
        source = {"initial weights": f"{start.source}; new layers: {', '.join(start.new_layers) or 'none'}"}
    label, scores = run.config.data.ignored_label, run.scores()
    ignored = {} if label is None else {"ignored label": f"{label}: its pixels count in no loss and no score"}
    if scores is not None and scores.ignored_images:
        ignored["images with only ignored pixels"] = f"{scores.ignored_images:,}"
    return {
        "parameters": f"{row.parameters:,}",
        "finished epochs": str(row.epochs),
        **({} if stop is None else {"early stopping": stop}),
        **seconds,
        **source,
        **ignored,
        "fingerprint of the data": run.config.data.fingerprint,
        "versions": join_items(run.config.versions),
        "machine": join_items(run.config.machine),
    }


def join_items(values: Mapping[str, str]) -> str:
    """Return names and values in one line; a dash if there are none."""
    return ", ".join(f"{name} {value}" for name, value in values.items()) or DASH


def as_texts(values: Mapping[str, object]) -> dict[str, str]:
    """Return values as text; a dash for None."""
    return {name: DASH if value is None else str(value) for name, value in values.items()}
