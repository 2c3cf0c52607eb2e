"""The card of a trained network, as Markdown."""

from __future__ import annotations

from dataclasses import dataclass

from drumhead.data import DATASETS
from drumhead.experiments import find_experiment
from drumhead.models import RecurrentSegmenter
from drumhead.published import PublishedMetric, published_scores
from drumhead.report.page.train_command import changed_fields, train_command
from drumhead.report.tables.score_tables import format_score
from drumhead.results.labels import experiment_label
from drumhead.runs import Run
from drumhead.scores import Scores

METRICS: dict[str, PublishedMetric | None] = {
    "accuracy": "acc",
    "accuracy, foreground": "acc_foreground",
    "IoU": "iou",
    "IoU, foreground": "iou_foreground",
    "loss": "loss",
    "loss, foreground": "loss_foreground",
    "mean IoU over classes": None,
}
"""The scores on a card: their names, and how the published ones are called."""
TEXT = """\
# {name}

{label}, {parameters:,} parameters, trained on {data_title} by Drumhead {version}.

| | |
|---|---|
| data | {data_title}: `{dataset}`, {channels} x {height} x {width}, {classes} classes |
| fingerprint of the data | `{fingerprint}` |
| recipe | the paper's, except: {recipe} |
| seed | {seed} |
| training | {epochs} epochs, {steps:,} steps, {seconds:,.0f} s on {processor}, threads: {threads} |
| weights | {kilobytes:.0f} kB; matrices of the readout and the pixel MLP as float16, all else as float32 |
| licence | MIT |

## Scores

On the {images:,} test images. *These weights* are those of the file, *before rounding* those of the training.

| | these weights | before rounding | published |
|---|---:|---:|---:|
{scores}
{published}{instability}
## Use

```sh
{use}
```

The training again: `{command}`

## What it is not for

It knows one dataset and nothing else: on other images, such as photographs, microscopy or other shapes, its predictions
mean nothing. To segment other images, start a training from it, as the last command above does.
It is one training with one seed: to compare models, train several seeds of each.
"""


@dataclass(frozen=True)
class Card:
    """What the card of a network says."""

    run: Run
    """The network, with its rounded weights."""
    scores: Scores
    """The scores of the rounded weights."""
    trained_scores: Scores
    """The scores before the weights were rounded."""
    data_title: str
    """The title of the dataset in a sentence."""
    instability: str | None
    """The warning that the time step is too long, if it is."""

    def text(self) -> str:
        """Return the card."""
        config, model, metrics = self.run.config, self.run.load_model(), self.run.metrics()
        experiment = config.experiment
        dataset = DATASETS[config.data.name]
        name = experiment.name
        looks = "movie {} --samples 0" if isinstance(model, RecurrentSegmenter) else "figure samples {}"
        plain = name.removeprefix(f"{config.data.name.replace('_', '-')}-")
        use = [
            f"drumhead {looks.format(name)}",
            f"drumhead evaluate {name}",
            f"drumhead predict {name} IMAGE --out masks",
            f"drumhead train {plain} --data MY_DATA --from {name}",
        ]
        return TEXT.format(
            name=name,
            label=experiment_label(experiment),
            parameters=model.parameter_count,
            data_title=self.data_title,
            version=config.versions.get("drumhead", "of an unknown version"),
            dataset=config.data.name,
            channels=config.data.channels,
            height=config.data.height,
            width=config.data.width,
            classes=len(dataset.class_names),
            fingerprint=config.data.fingerprint,
            recipe=", ".join(self.changes()) or "nothing",
            seed=experiment.seed,
            epochs=len(metrics),
            steps=int(metrics[-1]["step"]),
            seconds=metrics[-1]["seconds"],
            processor=config.machine.get("processor", "an unknown processor"),
            threads=config.machine.get("threads", "unknown"),
            kilobytes=self.run.model_path.stat().st_size / 1000,
            images=self.scores.images,
            scores=self.score_rows(),
            published=self.published_note(),
            instability="" if self.instability is None else f"\nA warning: {self.instability}\n",
            use="\n".join(use),
            command=train_command(self.run, ["paper"]) or "see config.json",
        )

    def changes(self) -> list[str]:
        """Return what differs from the paper's recipe and initial weights; a later Drumhead may change the others."""
        experiment = self.run.config.experiment
        differences = changed_fields(experiment, find_experiment(experiment.name))
        return [f"{name.rpartition('.')[2].replace('_', ' ')} {value}" for name, value in differences.items()]

    def score_rows(self) -> str:
        """Return the rows of the table of scores."""
        published = published_scores().get(self.run.config.experiment.name, {})
        rows = []
        for title, metric in METRICS.items():
            field = metric or "mean_iou"
            ours = (format_score(getattr(scores, field)) for scores in (self.scores, self.trained_scores))
            theirs = str(published[metric]) if metric in published else "-"
            rows.append(f"| {title} | {' | '.join(ours)} | {theirs} |")
        return "\n".join(rows)

    def published_note(self) -> str:
        """Return a sentence on the published scores."""
        published = published_scores().get(self.run.config.experiment.name)
        if published is None:
            return "\nThe paper has no scores of this model.\n"
        runs = published["iou_foreground"].runs
        return f"\nPublished: mean ± standard deviation of {runs} runs (Jacobs et al. 2025, arXiv 2502.06034).\n"
