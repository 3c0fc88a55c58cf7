"""Shapes and random fields as functions of space: signed distances, curves, textures, and the points to sample them at."""
