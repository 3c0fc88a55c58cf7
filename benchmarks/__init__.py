"""Times and memory of one run."""
