"""The error for a folder that cannot be imported."""

from __future__ import annotations


class ImportRunError(ValueError):
    """A folder does not hold a published run, or holds weights of another model than it describes."""
