"""Cut-offs, tables and catalogue entries: numbers with their sources, as data."""
