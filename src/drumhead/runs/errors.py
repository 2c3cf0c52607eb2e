"""What can be wrong with a run folder."""

from __future__ import annotations


class RunError(ValueError):
    """A folder that is not a run, or not the run that was meant."""


class RunBusyError(RunError):
    """A folder in which another process trains."""


class DamageWarning(UserWarning):
    """A file of a run is damaged, and another is used in its place."""
