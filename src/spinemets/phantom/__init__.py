"""The digital spine: anatomy, pathology, rendering, truth."""
