"""What is compiled for CPUs, for one image each: the waves (:mod:`~drumhead.fields.kernels.wave`), the LSTM, adjoints.

Importing anything here imports Numba, which takes a while: :mod:`drumhead.fields.wave_cpu` and
:mod:`drumhead.fields.lstm_cpu` do it when first needed.
"""
