"""Series of the patient: protocols, tissue fractions on a grid, signals, blur and noise; label maps."""
