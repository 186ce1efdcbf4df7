"""What git knows: the notes at a revision, what has changed since, merges."""
