"""6. Lesion candidates and normal references per series."""
