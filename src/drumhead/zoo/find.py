"""Where a run is: the one rule for every function and command that takes a run folder or a name."""

from __future__ import annotations

from pathlib import Path

from drumhead.hub import holds_model_alone, open_folder
from drumhead.models import Segmenter
from drumhead.runs import RunError
from drumhead.suggestions import did_you_mean, nearest_names
from drumhead.zoo.folders import pretrained_folder, pretrained_names


def find_run(where: str | Path) -> Path:
    """Return the folder of a run: a path that exists, or else the trained network with this name.

    A path of more than one part, such as ``runs/first``, is no name, and is returned whether it exists or not.

    Args:
        where: the path of a folder, or a name in :func:`drumhead.zoo.pretrained_names`.

    Raises:
        RunError: if there is neither, with the nearest names; or if the folder holds a model without a run.
    """
    folder = _find_folder(where)
    if holds_model_alone(folder):
        raise RunError(
            f"{folder} holds a model without the run that trained it, so neither its data nor its classes are known; "
            "`drumhead.load` opens it in Python"
        )
    return folder


def _find_folder(where: str | Path) -> Path:
    path = Path(where)
    if path.exists() or len(path.parts) > 1:
        return path
    if (folder := pretrained_folder(str(where))) is not None:
        return folder
    names = pretrained_names()
    raise RunError(
        f"{where} is not a run folder or a folder of runs, and no trained network has this name; "
        f"{did_you_mean(nearest_names(str(where), names))}`drumhead pretrained` lists the trained networks"
    )


def load(where: str | Path) -> Segmenter:
    """Return the trained model of a run, or a trained network of the package, in evaluation mode, on the CPU.

    Args:
        where: a run folder, a name that :func:`drumhead.pretrained` lists, or a folder that ``save_pretrained`` of a
            model wrote.

    Raises:
        RunError: if it is neither, or if no epoch of the run has finished.
    """
    return open_folder(_find_folder(where))
