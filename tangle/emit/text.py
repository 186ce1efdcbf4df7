"""Format text from the notes as comments in generated code."""

from __future__ import annotations


def comment(text: str) -> str:
    """Return the text as one comment line; characters that would end it become spaces."""
    shown = text
    if not text.isprintable():
        shown = "".join(character if character.isprintable() else " " for character in text)
    return f"# {' '.join(shown.split())}"


def commented(text: str) -> str:
    """Return lines as comments, unchanged except for what would end a comment early."""
    shown = text.replace("\r", "\\r").replace("\0", "\\x00")
    return "".join(f"# {line}".rstrip() + "\n" for line in shown.split("\n")[:-1])
