"""Movies of waves, as GIF or MP4."""
