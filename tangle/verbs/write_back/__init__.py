"""Puts results into the notes, beside editors and other commands."""
