"""Notes as tests: sections as groups, chunks as tests, one session per section.

pytest comes to it through `tangle.pytest_plugin`, which imports it with the first page.
"""
