"""The generated pages of the documentation: from docstrings, from help and from the fields of configurations.

``pages`` puts them together, and ``mkdocs_hooks`` hands them to mkdocs. Nothing else here needs mkdocs, so that the
tests run without it.
"""
