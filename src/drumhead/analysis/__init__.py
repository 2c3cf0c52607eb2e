"""Studies of fields: their spectra, vibrating membranes and the estimation of their area, and linear probes."""
