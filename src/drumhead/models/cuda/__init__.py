"""The loss of models on GPUs, with less memory than the definition takes."""
