"""The contract battery, for our tests and other people's plug-ins."""
