"""The command line of tangle: the only place that prints and exits."""
