"""What is compiled for CPUs: the evolution of one image and its adjoint (:mod:`~drumhead.fields.kernels.wave`).

Importing anything here imports Numba, which takes a while: :mod:`drumhead.fields.wave_cpu` does it when first needed.
"""
