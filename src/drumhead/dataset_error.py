"""The error for invalid data in a file."""

from __future__ import annotations


class DatasetError(ValueError):
    """Data in a file break a rule: the message names the file, the rule, the value found and the fix."""
