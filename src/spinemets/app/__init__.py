"""The doors: pipeline, options, command line."""
