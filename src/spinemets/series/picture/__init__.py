"""What a few slices say about a series: a check, never a name."""
