"""The fields of :mod:`drumhead.fields` computed on a CPU by compiled code: the same numbers to rounding, faster."""
