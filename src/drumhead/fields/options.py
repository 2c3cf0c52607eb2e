"""The settings of a field by name, as configurations have them."""

from __future__ import annotations

from typing import Literal

Boundary = Literal["circular", "fixed", "free"]
"""What lies beyond the edge of the image. ``circular``: the opposite edge (the paper). ``fixed``: zeros, like the rim
of a drum. ``free``: a copy of the edge, so that nothing outside pulls on it."""

Nonlinearity = Literal["tanh", "linear"]
"""The function of the neighbours' pull: ``tanh`` (the paper), or ``linear`` for the identity."""

Engine = Literal["auto", "plain", "fused"]
"""``plain``: the definition in torch, on any device and in any dtype. ``fused``: equal up to rounding, faster and with
far less memory, on CPUs in float32 or float64 and on GPUs of NVIDIA in float32. ``auto``: fused if it can run, else
plain."""
