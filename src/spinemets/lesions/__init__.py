"""Lesion candidates per series, and the normal marrow they stand out from."""
