"""Presentation of results, samples and waves: tables, figures, movies and an HTML page, one subpackage each."""
