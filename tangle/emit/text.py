"""Words of the notes in comments of the generated code."""

from __future__ import annotations


def comment(text: str) -> str:
    """The text as one line of comment: what could end the line, or the file, becomes a space."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return f"# {' '.join(shown.split())}"


def commented(text: str) -> str:
    """Lines as comments, kept to the letter but for what would end a comment too early."""
    shown = text.replace("\r", "\\r").replace("\0", "\\x00")
    return "".join(f"# {line}".rstrip() + "\n" for line in shown.split("\n")[:-1])
