"""The notes as tests: sections as groups, chunks as tests, each section in a session of its own.

pytest comes to it through `tangle.pytest_plugin`, which imports it with the first page.
"""
