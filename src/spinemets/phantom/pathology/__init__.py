"""Pathology as regions that are written over normal anatomy, with their exact truth."""
