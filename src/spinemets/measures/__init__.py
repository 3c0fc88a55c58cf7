"""7. Images to Measurements: one criterion a file, and the runner."""
