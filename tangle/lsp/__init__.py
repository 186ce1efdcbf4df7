"""The language server: what an editor asks about the notes, answered from the incremental core."""
