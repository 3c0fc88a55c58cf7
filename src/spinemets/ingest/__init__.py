"""1. Files to a Study."""
