"""Run folders with untrained models and real scores."""

from __future__ import annotations

from pathlib import Path

import torch

from drumhead.data import Dataset, TetrominoConfig
from drumhead.evaluation import evaluate_run
from drumhead.experiments import Experiment, Recipe
from drumhead.models import model_config
from drumhead.runs import DataRecord, Run, RunConfig

BOARDS = TetrominoConfig(canvas=12, cell=2, max_pieces=2, train=4, val=3, test=5, seed=0)


def make_run(folder: Path, boards: Dataset, *, seed: int = 0, bias: float | None = None, done: bool = True) -> Run:
    """Create a run with untrained weights and scores; ``bias`` is the bias of its background logit."""
    experiment = Experiment(
        name="tiny", dataset=None, model=model_config("cnn", layers=1), recipe=Recipe(epochs=2), seed=seed
    )
    run = Run.create(
        folder, RunConfig(experiment=experiment, data=DataRecord.from_dataset(boards), versions={}, machine={})
    )
    model = run.new_model()
    if bias is not None:
        with torch.no_grad():
            list(model.parameters())[-1][0] = bias
    run.save_model(model)
    run.write_metrics([{"epoch": 1, "seconds": 1.5}, {"epoch": 2, "seconds": 3.25}])
    if done:
        run.write_scores(evaluate_run(run, boards, accelerator="cpu"))
    return run
