"""NIfTI and Analyze files with the side files beside them."""
