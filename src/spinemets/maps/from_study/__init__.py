"""Maps of a study: which of its series belong to one, what may be computed from them, and what must not."""
