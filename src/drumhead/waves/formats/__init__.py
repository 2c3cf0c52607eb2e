"""The files that movies are read from and written to, one format in each module."""
