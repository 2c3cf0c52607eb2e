"""How a lab's cluster is used: one YAML file, ``drumhead.yaml``, and flags that override it."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BeforeValidator, Field, NonNegativeInt, PositiveInt, ValidationError

from drumhead.config import Config
from drumhead.files import is_nested_too_deep, read_small_file

SETTINGS_FILE = Path("drumhead.yaml")


class SettingsError(ValueError):
    """A file of settings that cannot be read."""


def minutes(value: object) -> object:
    """A time as ``sbatch`` takes it, as minutes: ``30``, ``4:00:00``, ``1-12:00:00``.

    >>> minutes("4:00:00"), minutes("30"), minutes("1-12"), minutes("0:30")
    (240, 30, 2160, 1)
    """
    if isinstance(value, int):
        return value
    match = re.fullmatch(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?", str(value).strip())
    if match is None:
        raise ValueError("a time is minutes, MINUTES:SECONDS, HOURS:MINUTES:SECONDS or DAYS-HOURS[:MINUTES[:SECONDS]]")
    days, *clock = (None if part is None else int(part) for part in match.groups())
    numbers = [part for part in clock if part is not None]
    if days is None and len(numbers) < 3:  # MINUTES[:SECONDS]
        numbers = [0, *numbers]
    seconds = sum(number * unit for number, unit in zip(numbers, (3600, 60, 1), strict=False))
    return math.ceil(((days or 0) * 86400 + seconds) / 60)


def gigabytes(value: object) -> object:
    """An amount of memory as ``sbatch`` takes it, in GB; without a unit it is MB.

    >>> gigabytes("16G"), gigabytes("512M"), gigabytes("2048")
    (16.0, 0.5, 2.0)
    """
    if isinstance(value, float):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", str(value).strip(), re.IGNORECASE)
    if match is None:
        raise ValueError("an amount of memory is a number with K, M, G or T, such as 16G")
    return float(match[1]) * {"K": 2**-20, "M": 2**-10, "": 2**-10, "G": 1.0, "T": 1024.0}[match[2].upper()]


def line(value: object) -> object:
    """Text of one line: what goes into a batch script must not begin another."""
    if isinstance(value, str) and ("\n" in value or "\r" in value):
        raise ValueError("this is one line of text")
    return value


Line = Annotated[str, BeforeValidator(line)]


class ClusterSettings(Config):
    """What each job on Slurm asks for; what is None is left to the cluster."""

    partition: Line | None = None
    """Where jobs go."""
    account: Line | None = None
    """Who is charged."""
    qos: Line | None = None
    """Quality of service."""
    time: Annotated[PositiveInt, BeforeValidator(minutes)] = 240
    """Time limit of a job in minutes, or as ``4:00:00``. A run that needs longer is queued again and goes on."""
    gpus: NonNegativeInt = 0
    """GPUs of a job."""
    cpus: PositiveInt = 4
    """Processors of a job."""
    mem: Annotated[float, BeforeValidator(gigabytes)] | None = None
    """Memory of a job in GB, or as ``16G``."""
    array_parallelism: PositiveInt = 20
    """How many jobs of a sweep may run at a time."""
    signal_delay: PositiveInt = 90
    """Seconds before its time limit at which a job is told to stop."""
    setup: tuple[Line, ...] = ()
    """Lines of shell before the work: ``module load``, ``conda activate``."""
    mail_user: Line | None = None
    """Where mail goes."""
    mail_type: Line | None = None
    """When: ``END``, ``FAIL``, ..."""
    constraint: Line | None = None
    """Features that nodes must have."""
    exclude: Line | None = None
    """Nodes to avoid."""
    more: dict[Line, Line] = Field(default_factory=dict)
    """Any other option of ``sbatch``, by its long name without dashes."""


def read_settings(file: Path | None = None, **flags: object) -> ClusterSettings:
    """The settings of a file, with flags that are not None put over them.

    Args:
        file: a YAML file; by default ``drumhead.yaml`` in the working folder, if there is one.
        **flags: fields of :class:`ClusterSettings`.

    Raises:
        SettingsError: if the file is not there or is no YAML, or it or a flag has an unknown name or impossible value.
    """
    if file is None and SETTINGS_FILE.is_file():
        file = SETTINGS_FILE
    values = {} if file is None else read_yaml(file)
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return ClusterSettings.model_validate({**values, **given})
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise SettingsError(f"{file or 'settings of the cluster'}: {faults}") from error


def read_yaml(file: Path) -> dict[str, Any]:
    """A YAML file of names and values, every value as text.

    YAML by itself would read 4:00:00 as the number 14400.

    Raises:
        SettingsError: if it cannot be read so.
    """
    try:
        text = read_small_file(file).decode()
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error
    try:
        values = yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsError(f"{file} is not YAML: {error}") from error
    if is_nested_too_deep(values):
        raise SettingsError(f"{file} is nested too deep")
    if values in (None, ""):
        return {}
    if not isinstance(values, dict):
        raise SettingsError(f"{file} must be names with values, such as `partition: gpu`")
    return values
