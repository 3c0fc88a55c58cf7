"""What headers and facts files state: acquisition, diffusion, tracer, patient."""
