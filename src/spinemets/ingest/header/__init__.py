"""Bytes of a DICOM header to typed values."""
