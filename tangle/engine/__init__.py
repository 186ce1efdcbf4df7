"""Runs sections of the notes: jobs in, results out; the only part that starts processes.

Import from the modules: this package has no names of its own. The notes' code runs in worker
processes.
"""
