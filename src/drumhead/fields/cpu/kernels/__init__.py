"""Compiled kernels for one image each: the wave equation, the convolutional LSTM, and the adjoints of both.

Importing a module of this subpackage imports Numba, which takes a while. :mod:`drumhead.fields.cpu.wave` and
:mod:`drumhead.fields.cpu.lstm` do so when they first need it.
"""
