"""Settings for jobs on a Slurm cluster: one YAML file, ``drumhead.yaml``, and flags that override it."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BeforeValidator, Field, NonNegativeInt, PositiveInt, ValidationError

from drumhead.config import Config
from drumhead.files import is_nested_too_deep, read_small_file
from drumhead.validation_errors import explain_validation_error

SETTINGS_FILE = Path("drumhead.yaml")


class SettingsError(ValueError):
    """A settings file, or a flag that overrides it, is invalid."""


def parse_minutes(value: object) -> object:
    """Return a time in minutes, rounded up, from the formats of ``sbatch``: ``30``, ``4:00:00``, ``1-12:00:00``.

    >>> parse_minutes("4:00:00"), parse_minutes("30"), parse_minutes("1-12"), parse_minutes("0:30")
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


def parse_gigabytes(value: object) -> object:
    """Return an amount of memory in GB from the formats of ``sbatch``; a number without a unit is in MB.

    >>> parse_gigabytes("16G"), parse_gigabytes("512M"), parse_gigabytes("2048")
    (16.0, 0.5, 2.0)
    """
    if isinstance(value, float):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", str(value).strip(), re.IGNORECASE)
    if match is None:
        raise ValueError("an amount of memory is a number with K, M, G or T, such as 16G")
    return float(match[1]) * {"K": 2**-20, "M": 2**-10, "": 2**-10, "G": 1.0, "T": 1024.0}[match[2].upper()]


def check_one_line(value: object) -> object:
    """Return the value; raise ``ValueError`` if it is text with a line break, which could inject batch-script lines."""
    if isinstance(value, str) and ("\n" in value or "\r" in value):
        raise ValueError("this must be one line of text")
    return value


ScriptLine = Annotated[str, BeforeValidator(check_one_line)]
"""One line of text that is written into a batch script."""


class ClusterSettings(Config):
    """What each Slurm job requests; a setting that is None is left to the cluster."""

    partition: ScriptLine | None = None
    """The partition of the jobs."""
    account: ScriptLine | None = None
    """The account that is charged."""
    qos: ScriptLine | None = None
    """Quality of service."""
    time: Annotated[PositiveInt, BeforeValidator(parse_minutes)] = 240
    """Time limit of a job, in minutes or as ``4:00:00``. A run that needs longer is requeued and resumes."""
    gpus: NonNegativeInt = 0
    """GPUs of a job."""
    cpus: PositiveInt = 4
    """CPU cores of a job."""
    mem: Annotated[float, BeforeValidator(parse_gigabytes)] | None = None
    """Memory of a job in GB, or as ``16G``."""
    array_parallelism: PositiveInt = 20
    """The number of jobs of a sweep that may run at the same time."""
    signal_delay: PositiveInt = 90
    """Seconds before the time limit at which a job is signalled to stop."""
    setup: tuple[ScriptLine, ...] = ()
    """Shell commands to run first, such as ``module load`` or ``conda activate``."""
    mail_user: ScriptLine | None = None
    """The address for mail about jobs."""
    mail_type: ScriptLine | None = None
    """The events that send mail: ``END``, ``FAIL``, ..."""
    constraint: ScriptLine | None = None
    """Features that nodes must have."""
    exclude: ScriptLine | None = None
    """Nodes to avoid."""
    more: dict[ScriptLine, ScriptLine] = Field(default_factory=dict)
    """Other options of ``sbatch``, by long name without dashes."""


def read_cluster_settings(file: str | Path | None = None, **flags: object) -> ClusterSettings:
    """Return the settings in a file, overridden by the flags that are not None.

    Args:
        file: a YAML file; by default ``drumhead.yaml`` in the current directory, if it exists.
        **flags: fields of :class:`ClusterSettings`.

    Raises:
        SettingsError: if the file cannot be read or is not YAML, or the file or a flag has an unknown name or an
            invalid value.
    """
    if file is None and SETTINGS_FILE.is_file():
        file = SETTINGS_FILE
    values = {} if file is None else read_yaml(Path(file))
    overrides = {name: value for name, value in flags.items() if value is not None}
    try:
        return ClusterSettings.model_validate({**values, **overrides})
    except ValidationError as error:
        raise SettingsError(f"{file or 'cluster settings'}: {explain_validation_error(error)}") from error


def read_yaml(file: Path) -> dict[str, Any]:
    """Return the names and values in a YAML file; every value is text, as YAML would read 4:00:00 as 14400.

    Raises:
        SettingsError: if the file cannot be read or is not a YAML mapping.
    """
    try:
        text = read_small_file(file).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error
    try:
        values = yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsError(f"{file} is not YAML: {error}") from error
    if is_nested_too_deep(values):
        raise SettingsError(f"{file} is nested too deeply")
    if values in (None, ""):
        return {}
    if not isinstance(values, dict):
        raise SettingsError(f"{file} must contain names with values, such as `partition: gpu`")
    return values
