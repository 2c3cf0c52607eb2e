"""What goes wrong with what others published."""

from __future__ import annotations


class ImportRunError(ValueError):
    """A folder that does not hold a published run, or holds another one than it says."""
