"""Series that belong together."""
