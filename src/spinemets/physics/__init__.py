"""Forward signal models for the digital spine."""
