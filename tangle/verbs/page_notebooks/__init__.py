"""Pages as notebooks that a program opens, saves, and saves again."""
