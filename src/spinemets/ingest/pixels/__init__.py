"""Stored pixels to values: found, decoded, rescaled, loaded when asked for."""
