"""What a run, a check or a build came to, for people and for other programs."""
