"""tangle: the code in a Logseq graph as a real program."""

__version__ = "0.1.0"
