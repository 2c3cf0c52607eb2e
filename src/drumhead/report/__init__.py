"""What scores and waves look like: tables, figures, movies."""
