"""2. A Study whose series are recognised."""
