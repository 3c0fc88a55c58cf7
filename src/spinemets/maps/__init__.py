"""5. Series to maps."""
