"""The evolution of :mod:`drumhead.fields` on a CPU by compiled code: faster, and equal up to rounding."""
