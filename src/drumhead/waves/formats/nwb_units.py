"""The units that NWB prescribes: volts, seconds, metres, and microns for the positions of electrodes."""

from __future__ import annotations

VOLTS = {"V": 1.0, "volts": 1.0, "mV": 1e-3, "uV": 1e-6, "µV": 1e-6, "μV": 1e-6, "nV": 1e-9}
"""Volts in each unit of voltage."""
SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0}
"""Seconds in each unit of time."""
METRES = {"m": 1.0, "meters": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "μm": 1e-6, "nm": 1e-9}
"""Metres in each unit of length."""
