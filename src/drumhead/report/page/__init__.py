"""The HTML report: one file with tables, figures and movies of many runs."""
