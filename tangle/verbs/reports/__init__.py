"""Reports of a run, a check or a build, for people and for other programs."""
