"""Segmenters of other makers, each a program of its own: optional, and never with the network."""
