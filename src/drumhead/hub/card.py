"""The model card of a folder for the Hugging Face hub: Markdown after a header of YAML."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from drumhead.config import Config, flatten
from drumhead.experiments import Recipe
from drumhead.files import read_small_file
from drumhead.models import RecurrentSegmenter, Segmenter, model_config
from drumhead.runs import Run

SCORES = {
    "acc": "accuracy",
    "acc_foreground": "accuracy, foreground",
    "iou": "IoU",
    "iou_foreground": "IoU, foreground",
    "mean_iou": "mean IoU over classes",
    "loss": "loss (nats)",
}
"""The scores on a card, and their names."""
USE = """\
## Use

```python
import torch
from drumhead.models import Segmenter

model = Segmenter.from_pretrained("FOLDER or OWNER/NAME")
images = torch.rand(1, {channels}, 64, 64)  # batch, channel, height, width; values from 0 to 1; any height and width
classes = model.predict(images)
{states}```
"""


def model_card(model: Segmenter) -> str:
    """Return the card of a model whose run is not known."""
    body = f"""\
# A {model.config.name} of Drumhead

{model.parameter_count:,} parameters; images with {channels_text(model.in_channels)}; {model.classes} classes.

It is not known on which data it was trained, or how: it was saved without a run. Say here what you know.

{settings(model.config)}
{use(model)}"""
    return header(model) + body


def run_card(run: Run, model: Segmenter) -> str:
    """Return the card of the model of a run; a card that the run's folder already has is the body of this one."""
    own = run.folder / "card.md"
    if own.is_file():
        return (
            header(model, data=run.config.data.name) + read_small_file(own).decode(errors="replace") + "\n" + use(model)
        )
    config, experiment = run.config, run.config.experiment
    data = config.data
    rows = {
        "data": f"`{data.name}`, {data.channels} x {data.height} x {data.width}",
        "classes": ", ".join(data.class_names),
        "fingerprint of the data": f"`{data.fingerprint}`",
        "recipe": changes(experiment.recipe, Recipe()) or "the paper's",
        "seed": str(experiment.seed),
        "training": training(run),
        "Drumhead": config.versions.get("drumhead", "of an unknown version"),
    }
    if config.imported_from is not None:
        rows["weights"] = f"imported from `{config.imported_from}`"
    if config.initial_weights is not None:
        rows["start"] = f"the weights of `{config.initial_weights.source.rpartition('/')[2]}`"
    if data.scale is not None:
        rows["scale"] = f"the value {data.scale:g} of the original images is 1.0"
    body = f"""\
# {experiment.name}

A {model.config.name} of Drumhead with {model.parameter_count:,} parameters.

{table(rows, heads=("", ""))}
{scores(run)}
{settings(model.config)}
{use(model)}
## What it is not for

It knows the data that it was trained on and nothing else: on other images its predictions mean nothing.
It is one training with one seed: to compare models, train several seeds of each.
"""
    return header(model, data=data.name) + body


def header(model: Segmenter, data: str | None = None) -> str:
    """Return the header that the hub reads."""
    fields: dict[str, object] = {
        "library_name": "drumhead",
        "pipeline_tag": "image-segmentation",
        "tags": ["drumhead", model.config.name, *(["traveling-waves"] if model.config.name == "nwm" else [])],
    }
    if data is not None:
        fields["datasets_used"] = [data]
    return f"---\n{yaml.safe_dump(fields, sort_keys=False, allow_unicode=True)}---\n\n"


def channels_text(count: int) -> str:
    """Return the number of channels in words."""
    return "1 channel" if count == 1 else f"{count} channels"


def table(rows: Mapping[str, str], *, heads: tuple[str, str]) -> str:
    """Return a Markdown table of two columns."""
    lines = [f"| {heads[0]} | {heads[1]} |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {value.replace('|', ' ')} |" for name, value in rows.items())]) + "\n"


def settings(config: Config) -> str:
    """Return what differs between the configuration of a model and the paper's."""
    name = str(dict(config)["name"])
    return f"Model: {changes(config, model_config(name)) or 'all fields as in the paper'}.\n"


def changes(config: Config, usual: Config) -> str:
    """Return the fields whose values are not the usual ones, in one line."""
    ours, theirs = flatten(config.model_dump(mode="json")), flatten(usual.model_dump(mode="json"))
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in ours.items() if theirs.get(name) != value)


def training(run: Run) -> str:
    """Return how long the training was, in one line."""
    metrics = run.metrics()
    if not metrics:
        return "no epoch is recorded"
    last = metrics[-1]
    return f"{len(metrics)} epochs, {int(last['step']):,} steps, {last['seconds']:,.0f} s"


def scores(run: Run) -> str:
    """Return the section of the scores."""
    found = run.scores()
    if found is None:
        return "## Scores\n\nThis run has no scores on test images.\n"
    rows = {
        title: "-" if getattr(found, field) is None else f"{getattr(found, field):.3f}"
        for field, title in SCORES.items()
    }
    rows |= {f"IoU of {each.name}": "-" if each.iou is None else f"{each.iou:.3f}" for each in found.classes}
    return f"## Scores\n\nOn {found.images:,} test images.\n\n{table(rows, heads=('score', 'value'))}"


def use(model: Segmenter) -> str:
    """Return the section on how to use the model."""
    states = "field = model.states(images)  # hidden states: batch, time, channel, height, width\n"
    return USE.format(channels=model.in_channels, states=states if isinstance(model, RecurrentSegmenter) else "")
