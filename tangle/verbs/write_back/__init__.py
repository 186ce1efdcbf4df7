"""Write results into the notes, safely beside editors and other commands."""
