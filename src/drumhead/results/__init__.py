"""The results of many runs: rows of a CSV file, means over seeds, paired tests, and labels of models."""
