"""Every kind of problem, by what it concerns: one entry each, used by the code that finds it."""
