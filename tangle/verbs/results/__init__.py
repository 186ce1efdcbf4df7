"""The cache of results: its keys, what it compares, and what is made of an answer."""
