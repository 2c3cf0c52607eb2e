"""Compiled kernels, each for one image: the wave equation and the convolutional LSTM, with their adjoints.

Importing a module of this subpackage imports Numba, which is slow. :mod:`drumhead.fields.cpu.wave` and
:mod:`drumhead.fields.cpu.lstm` therefore import it when they first need it.
"""
