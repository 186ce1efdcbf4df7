"""The process that runs one session; everything here runs beside the notes' code."""
