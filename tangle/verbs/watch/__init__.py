"""Runs sections again when their notes change."""
