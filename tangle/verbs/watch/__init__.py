"""Run sections again when their notes change."""
