"""The cache of results: keys, comparison, and judging of answers."""
