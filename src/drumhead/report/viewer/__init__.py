"""The viewer: one HTML file in which a trained network runs, and drums of any shape are struck."""
