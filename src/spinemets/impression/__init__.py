"""9. Findings to the Assessment."""
