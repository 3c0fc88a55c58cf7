"""Truth of a case as plain data: every number from the functions, none from an image."""
