"""DICOM images to volumes: told apart, sorted by position, checked (G-01)."""
