"""Track what a session reads, writes and asks while it runs."""
