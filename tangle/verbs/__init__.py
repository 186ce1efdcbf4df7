"""The verbs, a module or a folder each: what the command line and pytest ask for."""
