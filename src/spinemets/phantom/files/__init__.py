"""Files of the patient: DICOM, NIfTI, truth, header sets, the demonstration study."""
