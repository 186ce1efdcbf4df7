"""Bring edits of generated files back into the notes."""
