"""Listening to a field: spectra, drums and what can be heard of them, probes."""
