"""Triton kernels. They are imported when they are first needed, because importing Triton takes a while.

With ``TRITON_INTERPRET=1`` in the environment before that, Triton runs the same code on the CPU, one program after
another and slowly. So they are tested without a GPU.
"""
