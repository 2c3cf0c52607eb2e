"""Tables for the terminal, and as Markdown, LaTeX and CSV."""
