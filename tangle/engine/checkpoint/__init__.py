"""Checkpoints: copies of a session from which it can go on."""
