"""The comparison of a run in a folder with the configuration that is to be trained there."""

from __future__ import annotations

from drumhead.config import flatten
from drumhead.experiments import Experiment
from drumhead.runs import Run, RunConfig, RunError, check_not_imported


def check_same_run(run: Run, config: RunConfig) -> dict[str, tuple[object, object]]:
    """Return the fields in which a run differs from a configuration it can resume with: epochs, patience, or none.

    Raises:
        RunError: if the run is another one.
    """
    check_not_imported(run)
    differences = differing_fields(run.config, config)
    if differences and not may_be_extended(run.config.experiment, config.experiment, differences):
        listed = "; ".join(f"{name} is {old!r}, not {new!r}" for name, (old, new) in differences.items())
        raise RunError(f"{run.folder} holds another run: {listed}. Choose another folder with --out")
    return differences


def may_be_extended(old: Experiment, new: Experiment, differences: dict[str, tuple[object, object]]) -> bool:
    """Return whether a run can be trained further: only if all its past steps would have been the same.

    That is so for more epochs at a constant learning rate, and for a longer patience.
    """
    unscheduled = new.recipe.schedule == "constant" and new.recipe.warmup == 0
    before, after = old.recipe.patience, new.recipe.patience
    allowed = {
        "recipe.epochs": new.recipe.epochs > old.recipe.epochs and unscheduled,
        "recipe.patience": before is not None and (after is None or after > before),
    }
    return all(allowed.get(name, False) for name in differences)


def differing_fields(old: RunConfig, new: RunConfig) -> dict[str, tuple[object, object]]:
    """Return the fields that make two runs different, each with its old and new value.

    Compared are all fields of the experiment, the fingerprint, class names and ignored label of the data, and the
    initial weights, wherever they are.
    """
    before, after = (
        {
            **flatten(config.experiment.model_dump(exclude={"dataset"})),
            "data": config.data.fingerprint,
            "classes": config.data.class_names,
            "ignored label": config.data.ignored_label,
            "initial weights": config.initial_weights and config.initial_weights.sha256,
        }
        for config in (old, new)
    )
    names = dict.fromkeys([*before, *after])
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}
