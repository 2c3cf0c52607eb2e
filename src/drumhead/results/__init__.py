"""The results of many runs: rows of a CSV file, means over seeds, paired tests, and names of models in words."""
