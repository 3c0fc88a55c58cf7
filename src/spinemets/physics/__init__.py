"""Forward signal models: what a tissue looks like in an acquisition. Formulas only; no anatomy, no files."""
