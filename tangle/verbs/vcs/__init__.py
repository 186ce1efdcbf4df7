"""Version control: notes at a revision, changes since then, merging."""
