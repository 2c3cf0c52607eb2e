"""Movies of waves, written as GIF or MP4."""
