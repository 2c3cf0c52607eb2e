"""Errors and warnings about run folders."""

from __future__ import annotations


class RunError(ValueError):
    """A folder is not a run, or holds another run than expected."""


class RunBusyError(RunError):
    """Another process holds the lock of a run folder."""


class DamageWarning(UserWarning):
    """A file of a run is damaged, and another file is used in its place."""
