"""Models in folders in the layout of the Hugging Face hub, which the methods of models write and open.

| file | content |
|---|---|
| ``config.json`` | the configuration of the run that trained the model; without a run, that of the model alone |
| ``model.safetensors`` | the weights |
| ``README.md`` | the model card: data, recipe and scores where a run is known, and how to use the model |
| ``scores.json``, ``metrics.csv`` | as in a run folder, where a run is known |

With a known run, the folder is a run folder too, without checkpoints, and every command takes it. The methods are
``save_pretrained``, ``from_pretrained`` and ``push_to_hub`` of :class:`drumhead.models.Segmenter`.
"""

from __future__ import annotations

from drumhead.hub.config import HubConfig
from drumhead.hub.folder import holds_model_alone, open_folder, save_folder
from drumhead.hub.repository import download, upload

__all__ = ["HubConfig", "download", "holds_model_alone", "open_folder", "save_folder", "upload"]
