"""Planes, frames, resampling: numpy in, numpy out."""
