"""Values only: what every room hands to the next."""
