"""The readout and the pixel network of single images for CPUs, on pixels so few that all they need stays in cache.

Every matrix here is features by pixels: a frame of a field already is, a layer is ``W @ x + b``, and nothing is
transposed on the way from the field to the logits and back. An image is one thread's, see
:mod:`drumhead.models.cpu.threads`.
"""
