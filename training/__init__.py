"""Training of the spine network on synthetic images; torch lives here and nowhere else."""
