# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Train on your own images, in five minutes
#
# What you need is a folder of images and masks. A mask is an image of the same size whose numbers are the classes of
# the pixels: 0 for the background, then 1, 2, 3 and so on.
#
# This notebook makes such a folder, imports it, trains a wave network on it, looks at its predictions, and segments a
# new image. With your own folder, leave out the first part.

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import display
from PIL import Image

import drumhead
from drumhead.data import import_dataset
from drumhead.report.figures.model_figures import model_predictions_figure
from drumhead.training import EpochReport, Observer, with_model_of

# %matplotlib inline

SMALL = os.environ.get("DRUMHEAD_EXAMPLES") == "small"  # a few images and steps, to test that the notebook runs
folder = Path(tempfile.mkdtemp(prefix="drumhead-"))  # for what this notebook makes; choose your own to keep it

# %% [markdown]
# ## A folder of images and masks
#
# A disc, a square or a triangle in a random colour, at a random place, with some noise. A pixel inside a shape needs to
# know of the outline, which is further away than a filter sees.


# %%
def draw_shape(generator: np.random.Generator, side: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Return an image (side, side, 3) and its mask (side, side): 1 is a disc, 2 a square, 3 a triangle."""
    rows, columns = np.mgrid[:side, :side]
    radius = generator.uniform(side / 6, side / 4)
    y, x = generator.uniform(radius + 2, side - radius - 3, 2)
    down, across = rows - y, columns - x
    disc = np.hypot(down, across) < radius
    square = np.maximum(abs(down), abs(across)) < 0.85 * radius
    triangle = (down < radius / 2) & (0.866 * abs(across) - down / 2 < radius / 2)
    label = int(generator.integers(1, 4))
    shape = (disc, square, triangle)[label - 1]
    colour = generator.uniform(0.3, 0.9, 3)
    image = 0.1 + shape[..., None] * colour + generator.normal(0, 0.03, (side, side, 3))
    return (255 * image.clip(0, 1)).astype(np.uint8), (label * shape).astype(np.uint8)


generator = np.random.default_rng(0)
source = folder / "my images"
counts = {"train": 16, "val": 4, "test": 4} if SMALL else {"train": 320, "val": 40, "test": 40}
for split, count in counts.items():
    for kind in ("images", "masks"):
        (source / split / kind).mkdir(parents=True)
    for number in range(count):
        for kind, pixels in zip(("images", "masks"), draw_shape(generator), strict=True):
            Image.fromarray(pixels).save(source / split / kind / f"{number}.png")
(source / "classes.txt").write_text("background\ndisc\nsquare\ntriangle\n")
print("\n".join(str(path.relative_to(folder)) for path in sorted(source.rglob("*")) if path.stem in "0classes"))

# %% [markdown]
# ## Import it
#
# Every file and every pixel is checked: a mask of another size, a class number without a name or a damaged file is
# reported with its name and what to do. Other layouts, such as one folder without splits, have options, which
# `help(drumhead.data.ImportOptions)` lists; on the command line, `drumhead data import` does the same.

# %%
data = import_dataset(source, folder / "shapes")
data

# %% [markdown]
# ## Train
#
# A wave network needs many steps until its waves carry useful information. The trained network `tetrominoes-nwm-linear`
# has learned to make such waves on other shapes, and the training here starts from it (fine-tuning). The recipe `lite`
# is made for a CPU.


# %%
class Losses(Observer):
    """Prints the scores of each epoch."""

    def epoch_ended(self, report: EpochReport) -> None:
        print(f"epoch {report.epoch:2}   training loss {report.train_loss:.3f}   validation: "
              f"loss {report.val_loss:.3f}, accuracy {report.val_acc:.3f}")  # fmt: skip


start = "tetrominoes-nwm-linear"
experiment = with_model_of(start, drumhead.find_experiment("nwm-linear", "lite"))
experiment = experiment.replace(recipe=experiment.recipe.replace(epochs=2 if SMALL else 10))
run = drumhead.train(experiment, data, folder / "run", initial_weights=start, observers=[Losses()])

# %% [markdown]
# The run folder holds everything: the configuration, the scores of each epoch, the best weights, and the scores on the
# test images. The same call resumes a training that was stopped.

# %%
scores = run.scores()
print(f"on {scores.images} test images: accuracy {scores.acc:.3f}")
for each in scores.classes:
    print(f"{each.name:10} IoU", "no pixel has this class" if each.iou is None else f"{each.iou:.3f}")

# %%
metrics = run.metrics()
figure, axes = plt.subplots(figsize=(7, 2.5), layout="constrained")
for name, label in {"train_loss": "training", "val_loss": "validation"}.items():
    axes.plot([row["epoch"] for row in metrics], [row[name] for row in metrics], "o-", label=label)
axes.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
axes.legend()
plt.show()

# %% [markdown]
# ## Look

# %%
model = drumhead.load(run.folder)
shown = range(4 if SMALL else 6)
display(model_predictions_figure({"this network": model}, data, split="test", samples=shown, dpi=110))

# %% [markdown]
# ## Segment a new image
#
# Any height and width will do. An image is a tensor (batch, channel, height, width) with values from 0 to 1.

# %%
left, right = draw_shape(generator)[0], draw_shape(generator)[0]
image = np.concatenate([left, right], axis=1)
tensor = torch.from_numpy(image).permute(2, 0, 1)[None] / 255
prediction = model.predict(tensor)[0].numpy()

figure, axes_of = plt.subplots(1, 2, figsize=(7, 2), layout="constrained")
axes_of[0].imshow(image)
axes_of[1].imshow(prediction, vmin=0, vmax=data.classes - 1, interpolation="nearest")
for axes, title in zip(axes_of, ("a new image", "its classes"), strict=True):
    axes.set_title(title)
    axes.set_axis_off()
plt.show()
found = [data.class_names[label] for label in np.unique(prediction) if label]
print("found:", ", ".join(found) or "only background")

# %% [markdown]
# The same on the command line:
#
# ```sh
# drumhead data import "my images" --out shapes
# drumhead train nwm-linear --data shapes --recipe lite --from tetrominoes-nwm-linear
# drumhead predict runs/shapes-nwm-linear-seed0 new_images/ --out masks
# ```
