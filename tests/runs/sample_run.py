"""A configuration and scores for runs that were never trained."""

from __future__ import annotations

from drumhead.data import TETROMINO_CLASSES
from drumhead.experiments import Experiment
from drumhead.models import model_config
from drumhead.runs import DataRecord, RunConfig
from drumhead.scores import ClassScores, Scores

CONFIG = RunConfig(
    experiment=Experiment(name="tiny", dataset=None, model=model_config("cnn", layers=1, pixel_widths=(4,)), seed=5),
    data=DataRecord(
        folder="/data/boards",
        name="boards",
        fingerprint="f" * 64,
        channels=3,
        height=8,
        width=9,
        class_names=TETROMINO_CLASSES,
    ),
    versions={"python": "3.13.0"},
    machine={"threads": "2"},
)
SCORES = Scores(
    acc=0.75,
    acc_foreground=None,
    iou=0.6,
    iou_foreground=None,
    loss=1.25,
    loss_foreground=None,
    mean_iou=1 / 3,
    classes=(ClassScores(name="background", iou=0.5, recall=None, precision=1.0),),
    images=4,
    images_without_foreground=4,
)
