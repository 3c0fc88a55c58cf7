"""Writers of DICOM image objects in complete modules, one kind a module; the same input gives the same bytes."""
