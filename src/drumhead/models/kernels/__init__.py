"""The readout and the pixel network for CPUs: chunks of pixels small enough that all they need stays in cache.

Every matrix here is features by pixels: a frame of a field already is, a layer is ``W @ x + b``, and nothing is
transposed on the way from the field to the logits and back. What runs on a chunk runs in one thread, see
:mod:`drumhead.models.kernels.threads`.
"""
