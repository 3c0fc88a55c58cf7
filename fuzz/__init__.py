"""Hostile input for the reader: a seeded mutator, its corpus, and the run that watches what reading does with it."""
