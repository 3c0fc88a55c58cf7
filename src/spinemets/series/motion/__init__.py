"""Whether series of one patient show the same place (G-10)."""
