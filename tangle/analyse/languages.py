"""Recognise text in another language, by its first words; and what programs print."""

# ruff: noqa: E501 -- a pattern that is broken into more lines is harder to read

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tangle.analyse.repair.causes import shell_command

_TYPES: Final = (
    r"(?:(?:public|private|protected|static|final|const|constexpr|unsigned|inline|extern|abstract"
    r"|virtual)[ \t]+)*(?:void|int|float|double|char|bool|boolean|long|short|byte|size_t|u?int\d+_t"
    r"|String|auto|std::\w+|[A-Z]\w*|(?:unsigned|const)[ \t]+\w+)(?:<[^;()]*>)?(?:\[\])?[ \t*&]+"
)

_FIRST: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("a traceback", r"Traceback \(most recent call last\):|[ \t]+File \"[^\"]+\", line \d+"),
        ("a diff", r"diff --git |--- [ab]/|\+\+\+ [ab]/|@@ -\d|Index: \S"),
        ("a debugger session", r"[ \t]*(?:\(i?(?:Pdb|gdb|lldb)\+*\)|i?pdb>)(?: |$)"),
        (
            "HTTP",
            r"(?:(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)[ \t]+(?:/|https?:)\S*|HTTP/\d\S*[ \t]+\d{3}\b)",
        ),
        ("a template", r"[ \t]*\{%-?[ \t]*\w+.*%\}"),
        ("HTML or XML", r"[ \t]*(?:<!DOCTYPE|<!--|<\?xml|<\?php|</?[a-zA-Z][\w-]*(?: [^<>]*)?/?>)"),
        (
            "SQL",
            (
                r"(?i:[ \t]*(?:select\s+(?!=)\S.*|insert\s+into\s|update\s+\S+\s+set\b|delete\s+from\s|"
                r"(?:create|alter|drop)\s+(?:or\s+replace\s+|temp\w*\s+|unique\s+)*"
                r"(?:table|view|index|database|schema|function|user|role|trigger)\b|with\s+\w+\s+as\s*\("
                r"(?!\s*yield)|grant\s+\w+.*\son\s|explain\s+select|truncate\s+table|begin\s+transaction))"
            ),
        ),
        (
            "a Dockerfile",
            (
                r"(?:FROM [\w./:-]+(?: AS \w+)?|RUN \S.*|COPY \S+ \S+|WORKDIR \S+|ENTRYPOINT .*"
                r"|CMD .*|EXPOSE \d+|ENV \w+[ =].*)$"
            ),
        ),
        ("Cython", r"[ \t]*(?:cdef|cpdef|cimport|ctypedef)[ \t]+\S"),
        (
            "Julia or Lua",
            r"[ \t]*(?:function[ \t]+[\w.:!]+\(.*\)(?:[ \t]*::[ \t]*\w+)?$|elseif\b|end;?$|println\(|local[ \t]+\w+)",
        ),
        (
            "JavaScript",
            (
                r"[ \t]*(?:(?:export[ \t]+)?(?:const|let|var)[ \t]+[\w$\[{].*(?:=|;$)|(?:export[ \t]+)?"
                r"(?:default[ \t]+)?(?:async[ \t]+)?function\b[ \t*]*\w*[ \t]*\(|import[ \t]+.*[ \t]from[ \t]+"
                r"['\"]|export[ \t]+(?:default|\{|class|interface|type)|interface[ \t]+\w+.*\{"
                r"|.*\)[ \t]*=>[ \t]*\{?$|.*\b\w+[ \t]*=>[ \t]|document\.\w+\(.*\);?$|\$\(['\"])"
            ),
        ),
        (
            "Go",
            (
                r"(?:package[ \t]+\w+$|func[ \t]*(?:\([^)]*\)[ \t]*)?\w*\(.*\{|import[ \t]+\($"
                r"|type[ \t]+\w+[ \t]+(?:struct|interface)|[ \t]*\w+(?:, ?\w+)*[ \t]*:=[ \t]*\S)"
            ),
        ),
        (
            "Rust",
            (
                r"[ \t]*(?:(?:pub(?:\([a-z]+\))?[ \t]+)?(?:async[ \t]+)?fn[ \t]+\w+|let[ \t]+mut[ \t]"
                r"|let[ \t]+\w+.*;$|use[ \t]+\w+(?:::\S+)+;|impl\b.*\{|pub[ \t]+(?:struct|enum|mod)\b"
                r"|#\[\w+.*\]$|println!\()"
            ),
        ),
        (
            "C, C++ or Java",
            (
                rf"[ \t]*(?:#[ \t]*include[ \t]*[<\"]|using[ \t]+namespace[ \t]|package[ \t]+[\w.]+;"
                rf"|import[ \t]+(?:static[ \t]+)?[\w.*]+;|@Override|(?:public|private|protected)[ \t]+\S"
                rf"|(?:typedef[ \t]+)?(?:struct|enum|union|namespace)[ \t]+\w*[ \t]*[{{;]"
                rf"|template[ \t]*<|for[ \t]*\([ \t]*(?:int|auto|size_t|let|var|const)\b|class[ \t]+\w[^:(]*\{{"
                rf"|{_TYPES}\w+[ \t]*(?:\[\w*\])?(?:[=;,]|\(.*[;{{]?)|(?:while|if|for|switch)[ \t]*\(.*\)[ \t]*\{{"
                rf"|std::|System\.out\.|//|/\*)"
            ),
        ),
        (
            "Ruby or Lua",
            (
                r"[ \t]*(?:puts[ \t]|require[ \t]+['\"]|local[ \t]+\w+|module[ \t]+[A-Z]"
                r"|end$|.*\bdo[ \t]*\|[^|]*\|)"
            ),
        ),
        ("R", r"[ \t]*(?:library\(.*%>%|[\w.]+[ \t]*<-[ \t]*(?:function|c\()|.*%>%)"),
        (
            "LaTeX",
            r"[ \t]*(?:\\(?:begin|end|frac|sum|documentclass|usepackage|section|text\w*)\b|\$\$)",
        ),
        (
            "Lisp",
            r"[ \t]*\((?:define|defun|let|lambda|defn|setq|require|ns|println|display)[ \t(\[]",
        ),
        (
            "Haskell",
            (
                r"(?:\w+[ \t]*::[ \t]*\S|data[ \t]+[A-Z]\w*[ \t]*=|module[ \t]+\S+[ \t]+where"
                r"|main[ \t]*=[ \t]*do|import[ \t]+qualified)"
            ),
        ),
        (
            "PHP or Perl",
            r"[ \t]*(?:<\?php|my[ \t]+[$@%]|\$\w+[ \t]*=|use[ \t]+strict;|sub[ \t]+\w+[ \t]*\{)",
        ),
        (
            "shell",
            (
                r"[ \t]*(?:\$ \S|#!/(?:usr/)?bin/|if[ \t]+\[|(?:then|fi|done|esac)$|for[ \t]+\w+[ \t]+in[ \t].*;"
                r"[ \t]*do\b|while[ \t].*;[ \t]*do\b|export[ \t]+\w+=|alias[ \t]+\w+=|[A-Z_]+=\S+[ \t]+\w+"
                r"|\w+\(\)[ \t]*\{|echo[ \t]+[\"'$\w]|set[ \t]+-[a-z]+|[\w./-]+[ \t]+--?[a-zA-Z][\w-]*(?:[ \t=].*)?$"
                r"|(?:PS [A-Z]:\\|C:\\)|[~\w@:/-]+[$#%] \S|Get-\w+|Set-\w+|New-\w+)"
            ),
        ),
        (
            "PromQL",
            (
                r"[ \t]*(?:(?:sum|rate|avg|max|min|count|increase)[ \t]*(?:by[ \t]*\([^)]*\)[ \t]*)?\(.*)?"
                r"\w+\{\w+[ \t]*(?:=~?|!=|!~)[ \t]*\"[^\"]*\""
            ),
        ),
        (
            "CSS",
            r"[ \t]*(?:@media|@import[ \t]+url|[.#]?[\w-][\w.#:>-]*(?: [\w.#:>-]+)*[ \t]*\{[ \t]*$)",
        ),
        (
            "YAML",
            r"(?!else:|try:|finally:|except:)(?:---$|[\w-]+:[ \t]*(?:\||>)?$|[ \t]*- [\w-]+:(?: .*)?$|[\w.-]*-[\w-]*: \S)",
        ),
        (
            "a grammar",
            (
                r"[ \t]*(?!(?:if|elif|else|while|for|try|with|case|lambda)\b)\w+[ \t]*:(?=.*'[^']+')"
                r"(?:'[^']+'|[\w|()\[\]*+?.&!~ \t-])+$"
            ),
        ),
        ("a grammar", r"[ \t]*(?:<[\w -]+>|\w[\w-]*)[ \t]*(?:::=|→|⟶|::[ \t]*=)|[ \t]*\|[ \t]+\S"),
        (
            "pseudo-code",
            (
                r"(?i:[ \t]*(?:for[ \t]+(?:each|all|every)\b|end[ \t]+(?:if|for|while|function|procedure)$"
                r"|(?:if|while|else if)\b.*[ \t](?:then|do)$|(?:procedure|algorithm|function|input|output|"
                r"repeat|until|begin|require|ensure)\b(?:[ \t]*:.*|[ \t]+[\w<(].*|$)|for[ \t].*[ \t]to[ \t].*)"
                r"|set[ \t]+\w+[ \t]+to[ \t])|.*[←≔⇐]"
            ),
        ),
        ("a formula", r".*[∑∏∫√∈∉⊂∪∩∀∃∞≈≡→⇒⟨⟩αβγδθλμπσω²³].*"),
        ("a file tree", r".*[├└│─]"),
        ("a table", r"[ \t]*(?:\|.*\||\+[-=+]+\+|[═╔╗╚╝║╒╞╘┌┐┘]|[-=]{3,}(?:[ \t]+[-=]{3,})*$)"),
        (
            "pasted output",
            (
                r"(?:Out ?\[\d+\]:|[ \t]*\d+[ \t]{2,}\S.*[ \t]{2,}\S|<(?:class|function|module|bound method"
                r"|[\w.]+ object|generator object)\b[^>]*>|\w*(?:Error|Exception|Warning): |[ \t]{2,}\w+(?:[ \t]{2,}"
                r"[\w.-]+)+$|(?:Epoch|epoch|Step|Iteration)[ \t]+\d+|(?:Collecting|Successfully|Requirement)"
                r"[ \t]|\d{4}-\d\d-\d\d[ T]\d\d:|\[\[? *-?\d[\d. ]*[ \t]+-?[\d.]|\d+%\||(?:INFO|DEBUG|WARNING|ERROR)\b"
                r"[: ]|Name: .*dtype|tensor\(\[? *-?\d.*[ \t]{2,})"
            ),
        ),
    )
)
_TABLE: Final = re.compile(r"\[{1,2}[\w.\"' :-]+\]{1,2}[ \t]*$")
_KEY: Final = re.compile(r"[ \t]*(?:[\w.\"'-]+[ \t]*=.*|[#;].*|[\])},].*|[\"'\[{].*,?)$")
_MOST_LINES: Final = 300
_LONGEST: Final = 400
"""Characters of a line, and lines of a chunk, beyond which nothing is recognised: it takes time."""
_WORDS: Final = re.compile(
    r"[ \t]*(?:[-*][ \t]+)?[^\W\d_]['’\w-]*(?:[ ,]+[^\W\d_]['’\w-]*){2,}[ ]?[.:!?,;]?[ \t]*$"
    r"|[ \t]*[\u3400-\u9fff，。、：；！？“”（）\w ]*[\u3400-\u9fff]{2}[\u3400-\u9fff，。、：；！？“”（）\w ]*$"
)
_CODE: Final = re.compile(
    r"[ \t]*(?:(?:import|from|def|class|if|for|while|with|return|print|try)\b"
    r".*[(:=.\w]|[\w.\[\]]+[ \t]*=[^=]|[\w.]+\(.*\)[ \t]*$)"
)


def other_language(lines: Sequence[str]) -> str:
    """Return what lines that are no Python are, in words; empty if that is not known.

    Args:
        lines: of the chunk.
    """
    found = [line for line in lines if line.strip() and not line.lstrip().startswith("# ")]
    if not found or len(found) > _MOST_LINES or max(map(len, found)) > _LONGEST:
        return ""
    if all(shell_command(line) is not None for line in found):
        return "a shell command" if len(found) == 1 else "shell commands"
    if name := _of_all(found):
        return name
    for name, pattern in _FIRST:
        matching = [line for line in found if pattern.match(line)]
        if _enough(found, matching):
            return name
    if all(_WORDS.match(line) for line in found):
        return "words"
    return ""


def _of_all(found: Sequence[str]) -> str:
    """What lines are by all of them together: any of them alone may be Python."""
    marks = {line[0] for line in found}
    if {"+", "-"} <= marks <= set("+- @"):
        return "a diff"
    if _TABLE.match(found[0]) and all(_TABLE.match(line) or _KEY.match(line) for line in found):
        return "TOML or INI"
    return ""


def _enough(found: Sequence[str], matching: Sequence[str]) -> bool:
    """Whether the lines that speak for a language are enough: the first, or half of them."""
    if not matching:
        return False
    known = set(matching)
    python = sum(_CODE.match(line) is not None for line in found if line not in known)
    if found[0] in known:
        return python <= len(matching)
    return 2 * len(matching) >= len(found) and python == 0
