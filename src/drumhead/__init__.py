"""Drumhead: wave-based recurrent networks that hear the shape of what is in an image."""
