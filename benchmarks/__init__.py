"""Scripts that measure tangle and compare it with others; run as `python -m benchmarks.parse`."""
