"""Robust centres, effective sample size, intervals (signs.md 0.9)."""
