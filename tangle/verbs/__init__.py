"""The verbs, one module or folder each, called by the command line and pytest."""
