"""Painting: each part of the patient, later over earlier, with the share of a sample that it fills."""
