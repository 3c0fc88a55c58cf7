"""8. Measurements to Findings."""
