"""The fused engine for CPUs: readout, pixel network and loss of one image, in blocks of pixels that fit in cache.

Every matrix here is features by pixels: a frame of a field already has this layout, a layer is ``W @ x + b``, and
nothing is transposed on the way from the field to the logits and back. Each image is computed by a single thread, see
:mod:`drumhead.models.cpu.threads`.
"""
