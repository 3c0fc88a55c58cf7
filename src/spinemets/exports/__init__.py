"""10b. For machines: JSON, tables, label maps, DICOM."""
