"""The hidden states of a network on some samples, with all that is needed to read them."""

from __future__ import annotations

import operator
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from drumhead.string_types import check_single_line
from drumhead.waves.movie import Movie, identical, read_only
from drumhead.waves.sites import check_dt

Edge = Literal["circular", "fixed", "free"]
EDGES = ("circular", "fixed", "free")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class States:
    """Hidden states ``(sample, time, channel, y, x)``. Frame ``n`` is at the time ``(n + 1) dt``.

    :meth:`movie` returns one channel of one sample as a :class:`Movie`.

    Raises:
        ValueError: if shapes do not fit.
    """

    values: npt.NDArray[Any]
    """The states, ``(sample, time, channel, y, x)``."""
    samples: tuple[int, ...]
    """The number of each sample in its split, from 0."""
    dt: float
    """The time from one frame to the next, in ``time_unit``."""
    time_unit: str
    """``"unit of time"`` for the wave equation, whose ``dt`` is a choice; ``"step"`` for other networks."""
    boundary: Edge
    """What the network has beyond the edge of the image: the opposite edge, zeros, or a copy of the edge."""
    run: str
    """The name of the run."""
    model: str
    """The name of the model, such as ``nwm``."""
    split: str
    """The split of the dataset that the samples are from."""
    nonlinearity: str | None = None
    """The function applied to the force of the coupling, for wave networks."""
    initial: npt.NDArray[Any] | None = None
    """The initial position ``(sample, channel, y, x)``, which is no frame, for wave networks."""
    omega: npt.NDArray[Any] | None = None
    """Stiffness ``(sample, channel, y, x)``, for wave networks."""
    alpha: npt.NDArray[Any] | None = None
    """Damping ``(sample, channel, y, x)``, for wave networks."""
    coupling: npt.NDArray[Any] | None = None
    """Kernels ``(channel, channel, 3, 3)``, for wave networks."""
    masks: npt.NDArray[Any] | None = None
    """The true class of each pixel, ``(sample, y, x)``."""
    class_names: tuple[str, ...] = ()
    """The name of each class; the first is background."""
    ignored_label: int | None = None
    """The mask value of pixels that do not count; None if all count."""

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        if values.ndim != 5 or not values.size or values.dtype.kind != "f":
            raise ValueError(
                "states must be floating point (sample, time, channel, y, x) and not empty; "
                f"got {values.dtype} {values.shape}"
            )
        count, _, channels, *sites = values.shape
        shapes = {
            **dict.fromkeys(("initial", "omega", "alpha"), (count, channels, *sites)),
            "coupling": (channels, channels, 3, 3),
            "masks": (count, *sites),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array is not None:
                if array.shape != shape or array.dtype.kind not in ("iu" if name == "masks" else "f"):
                    raise ValueError(f"{name} must have the shape {shape}; got {array.dtype} {array.shape}")
                object.__setattr__(self, name, read_only(array))
        waves = [getattr(self, name) is not None for name in ("initial", "omega", "alpha", "coupling")]
        if any(waves) and not all(waves):
            raise ValueError("initial, omega, alpha and coupling belong together: give all of them or none")
        if len(check_samples(self.samples)) != count:
            raise ValueError(f"samples must be {count} different numbers from 0; got {list(self.samples)[:20]}")
        if self.boundary not in EDGES:
            raise ValueError(f"boundary must be one of {', '.join(EDGES)}; got {self.boundary!r:.50}")
        for text in (self.time_unit, self.run, self.model, self.split, self.nonlinearity or "", *self.class_names):
            check_single_line(text)
        object.__setattr__(self, "values", read_only(values))
        object.__setattr__(self, "dt", check_dt(self.dt))

    def __repr__(self) -> str:
        return (
            f"<States of {self.run}, {self.split} {_short_list(self.samples)}: {self.values.dtype} {self.values.shape}>"
        )

    @property
    def channels(self) -> int:
        """The number of channels."""
        return int(self.values.shape[2])

    def equals(self, other: States) -> bool:
        """Whether all fields are the same, bit for bit; NaN equals NaN."""
        return all(identical(getattr(self, each.name), getattr(other, each.name)) for each in fields(self))

    def to_xarray(self) -> Any:
        """Return the states as an ``xarray.DataArray`` with the dimensions sample, time, channel, y and x.

        Raises:
            ModuleNotFoundError: if xarray is not installed.
        """
        import xarray

        _, frames, channels, height, width = self.values.shape
        pixels = {"units": "pixel"}
        coordinates: dict[str, Any] = {
            "sample": list(self.samples),
            "time": ("time", self.dt * np.arange(1, frames + 1), {"units": self.time_unit}),
            "channel": np.arange(channels),
            "y": ("y", np.arange(float(height)), pixels),
            "x": ("x", np.arange(float(width)), pixels),
        }
        if self.masks is not None:
            coordinates["mask"] = (("sample", "y", "x"), self.masks)
        attributes = {
            "dt": self.dt,
            "boundary": self.boundary,
            "run": self.run,
            "model": self.model,
            "split": self.split,
        }
        return xarray.DataArray(self.values, coordinates, ("sample", "time", "channel", "y", "x"), "states", attributes)

    def movie(self, sample: int | None = None, channel: int = 0) -> Movie:
        """Return one channel of the states on one sample; its ``spacing`` is one pixel.

        Args:
            sample: the number of the sample in its split; the first of ``samples`` by default.
            channel: the number of the channel, from 0.

        Raises:
            ValueError: if there is no such sample or channel.
        """
        chosen = self.samples[0] if sample is None else operator.index(sample)
        if chosen not in self.samples:
            raise ValueError(f"sample must be one of {_short_list(self.samples)}; got {chosen}")
        if not 0 <= channel < self.channels:
            raise ValueError(f"channel must be from 0 to {self.channels - 1}; got {channel}")
        number = self.samples.index(chosen)
        return Movie(
            values=self.values[number, :, channel],
            dt=self.dt,
            start=self.dt,
            spacing=1.0,
            length_unit="pixel",
            time_unit=self.time_unit,
            boundary="circular" if self.boundary == "circular" else "open",
            name=f"{self.run}, {self.split} {chosen}, channel {channel}",
            origin=f"hidden states of a {self.model}",
            omega=None if self.omega is None else self.omega[number],
            alpha=None if self.alpha is None else self.alpha[number],
            coupling=self.coupling,
            channel=channel,
        )


def check_samples(samples: Any) -> tuple[int, ...]:
    """Return samples of hidden states: at least one number from 0, each once.

    Raises:
        ValueError: if they are something else.
    """
    whole = isinstance(samples, list | tuple) and all(isinstance(each, int | np.integer) for each in samples)
    if not whole or not samples or min(samples) < 0 or len(set(samples)) < len(samples):
        raise ValueError(f"samples must be different whole numbers from 0; got {samples!r:.200}")
    return tuple(samples)


def _short_list(numbers: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, numbers[:20]))
    return shown if len(numbers) <= 20 else f"{shown}, ... ({len(numbers)} in all)"
