"""The evolution of a field on GPUs of NVIDIA, by kernels that Triton compiles."""
