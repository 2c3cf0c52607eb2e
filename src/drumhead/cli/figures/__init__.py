"""The figures of ``drumhead figure``: one file for each figure. ``drumhead.cli.figure`` lists them."""
