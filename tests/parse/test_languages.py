"""Info strings: which word counts, and which words are slips."""

from __future__ import annotations

import pytest

from tangle.parse import info_of
from tangle.parse.languages import misspelt


@pytest.mark.parametrize(
    ("text", "word", "kind", "runs"),
    [
        ("python", "python", "program", True),
        ("Python3, linenos", "python3", "program", True),
        ("{python}", "python", "program", True),
        ("{ .py .numberLines }", "py", "program", True),
        ("python:file.py", "python", "program", True),
        ("py3{1,3}", "py3", "program", True),
        ("ipython\ttitle", "ipython", "program", True),
        ("{python, eval=FALSE}", "python", "program", False),
        ("python eval = 'no'", "python", "program", False),
        ("python eval=yes", "python", "program", True),
        ("python retrieval=no", "python", "program", True),
        ("pycon", "pycon", "session", True),
        ("Python-REPL x=1", "python-repl", "session", True),
        ("doctest,", "doctest", "session", True),
        ("java eval=no", "java", None, True),
        ("pythonic", "pythonic", None, True),
        ("", "", None, True),
        ("  ", "", None, True),
        ("{", "", None, True),
    ],
)
def test_the_first_word_counts(text: str, word: str, kind: str | None, runs: bool) -> None:
    assert info_of(text) == (word, kind, runs)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("pyton", "python"),
        ("phyton", "python"),
        ("pythonn", "python"),
        ("pythom", "python"),
        ("ypthon", "python"),
        ("pyhton3", "python3"),
        ("pycom", "pycon"),
        ("python", None),
        ("python2", None),
        ("cython", None),
        ("pine", None),
        ("p", None),
        ("", None),
    ],
)
def test_slips(word: str, meant: str | None) -> None:
    assert misspelt(word) == meant
