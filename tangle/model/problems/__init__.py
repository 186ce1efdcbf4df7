"""The catalogue of problems: one entry per kind, used by the code that reports it."""
