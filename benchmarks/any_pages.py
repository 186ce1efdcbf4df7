"""Graphs of the kinds that people keep, each with the reading that is right for it.

A page records what each of its fences is, whether the chunk passes in a run that goes on after
failures, which problems of the page are true, and how many units it has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Literal

Kind = Literal["program", "session", "sketch", "slip", "other language", "no code"]
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One fence to write.

    Attributes:
        kind: what it is.
        code: its lines.
        info: the text behind the opening marks.
        passes: whether it passes; None where it is not to be run.
        problem: the code of its true problem, if it has one.
        row: the row of `code` with the problem; -1 for the opening line, None for any row.
        behind: lines that stand directly behind the fence, as a block does.
    """

    kind: Kind
    code: str
    info: str = "python"
    passes: bool | None = True
    problem: str | None = None
    row: int | None = 0
    behind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """How a fence is to be read; its lines go from `line`, the opening one, to `last`."""

    line: int
    last: int
    kind: Kind
    passes: bool | None


@dataclass(slots=True, kw_only=True)
class Page:
    """A page, and how it is to be read.

    Attributes:
        path: its file, in the graph.
        units: how many units it is; None where the rules leave it open.
        true: the lines at which a problem of this code is true.
        encoding: of its file.
    """

    path: str
    units: int | None = 0
    lines: list[str] = field(default_factory=list)
    fences: list[Expected] = field(default_factory=list)
    true: set[tuple[str, int]] = field(default_factory=set)
    encoding: str = "utf-8"

    def add(self, piece: Piece, indent: str = "") -> None:
        """Write a fence in a new bullet."""
        start = len(self.lines) + 1
        self.lines.append(f"{indent}- ```{piece.info}")
        inner = f"{indent}  "
        self.lines += [inner + row if row else "" for row in piece.code.split("\n")]
        self.lines.append(f"{inner}```")
        last = len(self.lines)
        self.fences.append(Expected(line=start, last=last, kind=piece.kind, passes=piece.passes))
        if piece.problem is not None:
            rows = range(start, last + 1) if piece.row is None else [start + 1 + piece.row]
            self.true.update((piece.problem, line) for line in rows)
        if piece.behind:
            self.lines += [inner + row if row else "" for row in piece.behind.split("\n")]


# --- what stands in fences ------------------------------------------------------------------------


def _program(n: int, rng: Random) -> Piece:
    code = rng.choice(
        [
            f"row_{n} = [3, 1, {n}]\nsorted(row_{n})",
            f"def twice_{n}(x):\n    return 2 * x\n\nprint(twice_{n}({n}))",
            f"for i_{n} in range(3):\n\tprint(i_{n})",
            (
                f"class Box_{n}:\n    def __init__(self, size):\n        self.size = size\n\n"
                f"Box_{n}({n}).size"
            ),
            f"import math\nprint(math.floor({n} / 2))",
            f"text_{n} = 'no >>> prompt'\nlen(text_{n})",
            f"print('''\n>>> shown_{n}\n''')",
            f"%precision 3\n{n} / 7",
            f"!echo shell {n}",
            f"part_{n} = (\n    {n}\n    + 1\n)\nassert part_{n} == {n + 1}",
            (
                f"from dataclasses import dataclass\n\n@dataclass\nclass P_{n}:\n    x: int\n\n"
                f"P_{n}(x={n})"
            ),
        ]
    )
    info = rng.choice(
        ["python"] * 8
        + ["Python", "py", "python3", "{python}", "ipython", 'python title="a.py"', "python {1,2}"]
    )
    return Piece(kind="program", code=code, info=info)


def _forgotten(n: int, rng: Random) -> Piece:
    code = rng.choice(
        [
            f"json.dumps({{'n': {n}}})",
            f"math.sqrt({n + 1})",
            f"Counter('hello {n}').most_common(1)",
            f"re.sub('a', 'b', 'banana{n}')",
            f"Path('a') / 'b{n}'",
            f"def first_{n}(xs: List[int]) -> Optional[int]:\n    return xs[0] if xs else None",
        ]
    )
    return Piece(kind="program", code=code)


def _fails(n: int, rng: Random) -> Piece:
    code = rng.choice([f"{{}}['gone {n}']", f"{n} / 0", f"open('nowhere_{n}.csv').read()"])
    return Piece(kind="program", code=code, passes=False)


def _context(n: int, rng: Random) -> Piece:
    code = rng.choice(
        [
            f"df.groupby('town')['sum_{n}'].mean()",
            f"self.total_{n} += 1",
            f"model_{n}.fit(x_train, y_train)",
        ]
    )
    return Piece(kind="program", code=code, passes=False, problem="undefined-name")


def _missing(n: int, rng: Random) -> Piece:
    name = f"nobody_has_{_letters(n)}"
    code = rng.choice(
        [
            f"import {name}\n{name}.start({n})",
            f"import {name} as short\nshort.load()",
            f"from {name}.parts import Part\nPart({n})",
        ]
    )
    return Piece(kind="program", code=code, passes=False, problem="missing-import")


def _session(n: int, rng: Random) -> Piece:
    code = rng.choice(
        [
            f">>> a_{n} = 2\n>>> a_{n} + 1\n3",
            ">>> for i in range(2):\n...     print(i)\n...\n0\n1\n>>> 'x' * 2\n'xx'",
            (
                f">>> int('x{n}')\nTraceback (most recent call last):\n"
                f'  File "<stdin>", line 1, in <module>\n'
                f"ValueError: invalid literal for int() with base 10: 'x{n}'"
            ),
            ">>> print('a\\n\\nb')\na\n<BLANKLINE>\nb",
            f">>> list(range({n % 90 + 20}))  # doctest: +ELLIPSIS\n[0, 1, ..., {n % 90 + 19}]",
            f">>> b_{n} = [1, 2]\n>>> b_{n}.append(3)\n\nand now\n\n>>> b_{n}\n[1, 2, 3]",
        ]
    )
    return Piece(kind="session", code=code, info=rng.choice(["python"] * 4 + ["pycon", "doctest"]))


def _wrong_session(n: int, _: Random) -> Piece:
    return Piece(kind="session", code=f">>> {n} + 1\n{n + 2}", passes=False)


def _slip(n: int, rng: Random) -> Piece:
    code = rng.choice(
        [
            f"for k_{n} in range(3)\n    print(k_{n})",
            f"values_{n} = [1, 2, 3\nprint(values_{n})",
            f"if {n} > 2\n    print('more')",
            f"print('sum {n}'",
        ]
    )
    return Piece(kind="slip", code=code, passes=None, problem="slip", row=None)


def _sketch(n: int, rng: Random) -> Piece:
    code = rng.choice(
        [
            "...",
            f"@cached_{n}",
            f"def area_{n}(shape):",
            f"return total_{n}",
            f"with open(<path {n}>) as file:\n    ...",
            f"for each word in text {n}:\n    count it",
            f"expr ::= term '+' expr_{n}",
            "Collecting requests\n  Downloading requests-2.31.0.tar.gz (110 kB)",
        ]
    )
    if code == "...":  # it parses, and nothing comes of it
        return Piece(kind="sketch", code=code, passes=None)
    return Piece(kind="sketch", code=code, passes=None, problem="sketch", row=None)


def _other(n: int, rng: Random) -> Piece:
    code = rng.choice(
        [
            f"SELECT name FROM people WHERE age > {n};",
            f"const total{n} = items.map(x => x.price);",
            "pip install requests",
            f"#include <stdio.h>\nint main(void) {{ return {n}; }}",
            f"public class Main{n} {{\n    int size;\n}}",
        ]
    )
    return Piece(kind="other language", code=code, passes=None, problem="sketch", row=None)


def _kept(n: int, rng: Random) -> Piece:
    return rng.choice(
        [
            Piece(kind="program", code=f"print({n} + 1)", behind=f"```\n{n + 1}\n```"),
            Piece(kind="program", code=f"print('n', {n})", behind=f"```text\nn {n}\n```"),
            Piece(kind="program", code=f"c_{n} = [1]\nc_{n} * 2  # => [1, 1]"),
            Piece(kind="program", code=f"print({n})\n# Output: {n}"),
            Piece(kind="program", code=f"print('a{n}')\n#> a{n}"),
            Piece(kind="program", code=f"print({n})\nprint('b')\n# {n}\n# b"),
        ]
    )


def _not_run(n: int, rng: Random) -> Piece:
    return rng.choice(
        [
            Piece(
                kind="no code",
                code=f"print({n})",
                info="pyhton",
                passes=None,
                problem="misspelt-language",
                row=-1,
            ),
            Piece(kind="no code", code=f"{{'n': {n}}}", info="", passes=None),
            Piece(kind="no code", code=f"ls -l {n}", info="bash", passes=None),
            Piece(kind="program", code=f"erase({n})", info="python eval=no", passes=None),
        ]
    )


_PIECES: tuple[tuple[int, Callable[[int, Random], Piece]], ...] = (
    (30, _program),
    (14, _forgotten),
    (6, _fails),
    (4, _missing),
    (8, _context),
    (12, _session),
    (3, _wrong_session),
    (6, _slip),
    (8, _sketch),
    (4, _other),
    (8, _kept),
    (6, _not_run),
)

# --- what stands around them ----------------------------------------------------------------------

_PROSE = (
    "- 0.75 - a fair share of it",
    "- 1. Step",
    "- 2.1 Method, as the paper has it",
    "- 3.11.4 is the release that we use",
    "- 10:30 tea with the team",
    "- 2024-03-01 first try",
    "- a line about [[Nowhere]] and #later",
    "- TODO read this again",
    "- ## Results",
    "- ## 2. Second part",
    "- > a quotation\n  > of two lines",
)
_TITLES = (
    *("3.6", "2024", "Lists 🐍", "Page%3A12", "notes___loops", "C++ and Python", "a (b)", "!x"),
    *(
        "10",
        "3",
        "2024-03-01",
        "2024-03-01 10%3A30",
        "📈",
        "reports%2F2024",
        "~",
        "-v",
        "[[draft]]",
    ),
    *("C%3A", "pages", "0.75 - a share", "#tagged", "None", "笔记 1.2"),
)


def _code_page(path: str, n: int, rng: Random) -> Page:
    page = Page(path=path)
    weights = [weight for weight, _ in _PIECES]
    makers = [make for _, make in _PIECES]
    count = rng.choice([1, 1, 1, 1, 2, 3, 4, 5, 8, 15])
    for at, make in enumerate(rng.choices(makers, weights, k=count)):
        if rng.random() < 0.7:
            page.lines += rng.choice(_PROSE).split("\n")
        page.add(make(n * 20 + at, rng), indent=rng.choice(["", "", "\t"]) if page.lines else "")
    code = [each for each in page.fences if each.kind != "no code"]
    held_back = code and all(each.kind == "program" and each.passes is None for each in code)
    page.units = None if held_back else int(bool(code))
    return page


def _plain_page(path: str, n: int, rng: Random) -> Page:
    page = Page(path=path)
    if rng.random() < 0.2:
        page.lines += ["alias:: everything, The Same", ""]
    for _ in range(rng.randrange(1, 12)):
        page.lines += rng.choice(_PROSE).split("\n")
        if rng.random() < 0.3:
            page.lines.append(f"- see ((6543ed3a-0000-4000-8000-{n:012x})) and {{{{embed ((x))}}}}")
        if rng.random() < 0.2:
            lang, code = rng.choice(
                [("java", "int x = 1;"), ("sql", "select 1"), ("json", '{"a": 1}'), ("text", "a")]
            )
            page.lines += [f"- ```{lang}", f"  {code}", "  ```"]
    return page


def _conflict_page(path: str, n: int, rng: Random) -> Page:
    page = Page(path=path, units=None, lines=["- before", "- ```python"])
    inner = rng.choice(["", "  "])
    page.true.add(("merge-conflict", len(page.lines) + 1))
    base = [f"{inner}||||||| base", "  x = 0"] if rng.random() < 0.5 else []
    page.lines += [f"{inner}<<<<<<< HEAD", f"  x = {n}", *base, f"{inner}=======", "  x = 2"]
    page.lines += [f"{inner}>>>>>>> theirs", "  ```"]
    return page


def _unclosed_page(path: str, n: int, _: Random) -> Page:
    page = Page(path=path, units=None, lines=["- before", "- ```python", f"  print({n})"])
    page.true.add(("unclosed-fence", 2))
    return page


def _template_page(path: str, n: int, rng: Random) -> Page:
    lines = [f"- template:: snippet {n}", "\t- ```python", f"\t  print(<name {n}>)", "\t  ```"]
    page = Page(path=path, units=0, lines=lines)
    if rng.random() < 0.5:
        page.add(Piece(kind="program", code=f"used_{n} = {n}\nused_{n} * 2"))
        page.units = 1
    return page


def _nested_page(path: str, n: int, rng: Random) -> Page:
    """Python in a list inside a block, of which Logseq takes the indentation away."""
    page = Page(path=path)
    if rng.random() < 0.5:
        page.add(Piece(kind="program", code=f"before_{n} = {n}\nprint(before_{n})"))
        page.units = 1
    mark = rng.choice(["*", "+", "1."])
    margin = " " * (len(mark) + 3)
    page.lines += ["- the steps", f"  {mark} first", f"{margin}```python"]
    page.true.add(("nested-code", len(page.lines)))
    page.lines += [f"{margin}if True:", f"{margin}    print({n})", f"{margin}```"]
    return page


def _foreign_page(path: str, n: int, rng: Random) -> Page:
    """A page in another encoding: an error where it has Python, else nobody's business."""
    page = Page(path=path, lines=["- café"], encoding="latin-1")
    if rng.random() < 0.6:
        page.add(Piece(kind="program", code=f"print('né', {n})", passes=None))
        page.true.add(("not-utf8", 1))
    return page


def _twins(n: int, rng: Random) -> list[Page]:
    """Two pages whose titles differ only in case."""
    name = f"Twin of {_letters(n)}"
    first = _code_page(f"pages/{name}.md", n + 200, rng)
    second = _code_page(f"pages/{name.lower()}.md", n + 100_000, rng)
    for page, text in ((first, "first"), (second, "second")):
        page.add(Piece(kind="program", code=f"print('{text} twin')"))
        page.units = 1
    second.true.add(("duplicate-title", 1))
    return [first, second]


_COPIES = (
    "{} (Jo's conflicted copy 2024-01-02)",
    "{} (conflicted copy 2024-01-02 101500)",
    "{}.sync-conflict-20240102-101500-ABCDEFG",
    "{} 2",
    "{} (1)",
    "{}-DESKTOP-AB12CD3",
)


def _copied(page: Page, rng: Random) -> Page:
    """A sync tool's copy of a page: one notice where it has Python, no unit."""
    name = rng.choice(_COPIES).format(page.path.removesuffix(".md"))
    edited = ["- a line that was added there"] if rng.random() < 0.5 else []
    copy = Page(path=f"{name}.md", units=0, lines=[*page.lines, *edited])
    if any(fence.kind != "no code" for fence in page.fences):
        copy.true.add(("sync-copy", 1))
    return copy


def _book() -> list[Page]:
    pages = []
    for chapter in (1, 2):
        page = Page(path=f"pages/Chapter {chapter} of a book.md", units=2)
        page.lines.append(f"- # {chapter}. Chapter")
        for section in (1, 2):
            page.lines.append(f"- ## {chapter}.{section} Section")
            name = f"part_{chapter}_{section}"
            code = f"def {name}(x):  #@save\n    return x + {section}"
            page.add(Piece(kind="program", code=code), indent="\t")
            page.add(Piece(kind="program", code=f"{name}(3)"), indent="\t")
        pages.append(page)
    return pages


def _needing(n: int) -> list[Page]:
    base = Page(path=f"pages/Base {n}.md", units=1)
    base.add(Piece(kind="program", code=f"base_{n} = {n}"))
    user = Page(path=f"pages/Built on {n}.md", units=1)
    user.lines += [f"tangle.needs:: [[Base {n}]]", ""]
    user.add(Piece(kind="program", code=f"base_{n} + 1"))
    return [base, user]


_FAULTY: tuple[tuple[Callable[[str, int, Random], Page], str], ...] = (
    (_conflict_page, "Merged"),
    (_unclosed_page, "Open"),
    (_template_page, "Template"),
    (_nested_page, "Steps"),
    (_foreign_page, "Old"),
)


def graph(pages: int, seed: int) -> list[Page]:
    """Make a graph of about so many pages.

    Args:
        pages: how many.
        seed: of its contents; the same seed makes the same graph.
    """
    rng = Random(seed)
    made = _book() + _needing(1)
    made += [_code_page(f"pages/{title}.md", at, rng) for at, title in enumerate(_TITLES, 100)]
    made += _twins(0, rng)  # one of each at least
    made += [make(f"pages/{title}.md", at, rng) for at, (make, title) in enumerate(_FAULTY, 150)]
    for n in range(len(made), pages):
        drawn = rng.random()
        if drawn < 0.68:
            made.append(_plain_page(f"pages/Page about {_letters(n)}.md", n, rng))
        elif drawn < 0.90:
            made.append(_code_page(f"pages/Notes {_letters(n)}.md", n + 200, rng))
        elif drawn < 0.95:
            day = f"journals/{2000 + n // 336}_{n // 28 % 12 + 1:02}_{n % 28 + 1:02}.md"
            made.append(_code_page(day, n + 200, rng))
        elif drawn < 0.98:
            make, title = rng.choice(_FAULTY)
            made.append(make(f"pages/{title} {_letters(n)}.md", n, rng))
        elif drawn < 0.985:
            made += _twins(n, rng)
        elif drawn < 0.99:
            made.append(Page(path=f"pages/Org {n}.org", lines=["* a", "#+BEGIN_SRC python", "x"]))
        else:
            page = _code_page(f"pages/Synced {_letters(n)}.md", n + 200, rng)
            made += [page, _copied(page, rng)]
    return made


def _letters(n: int) -> str:
    """A number as letters, so that no sync tool's suffix and no section is seen in it."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(n))


def write(root: Path, pages: Sequence[Page]) -> None:
    """Write a graph into a folder."""
    for folder in ("logseq", "pages", "journals"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "logseq" / "config.edn").write_text("{}", encoding="utf-8")
    for page in pages:
        text = "".join(f"{line}\n" for line in page.lines)
        (root / page.path).write_text(text, encoding=page.encoding, newline="")


# --- how tangle reads them ------------------------------------------------------------------------


@dataclass(slots=True)
class Score:
    """How a reading compares with the right one.

    Attributes:
        true: problems by code that are true.
        false: problems that are not.
        missed: true problems that were not reported, by code; one of a chunk's lines is enough.
        passed: chunks that could pass and did.
        stuck: those that could and did not: where, and what happened instead.
        wrong: chunks that passed and must not have.
        units: pages whose number of units is not the right one: path, wanted, found.
    """

    true: Counter[str] = field(default_factory=Counter)
    false: list[tuple[str, str, int]] = field(default_factory=list)
    missed: list[tuple[str, str]] = field(default_factory=list)
    passed: int = 0
    stuck: list[tuple[str, int, str]] = field(default_factory=list)
    wrong: list[tuple[str, int]] = field(default_factory=list)
    units: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def true_share(self) -> float:
        """The share of problems that are true."""
        said = self.true.total() + len(self.false)
        return self.true.total() / said if said else 1.0

    @property
    def passed_share(self) -> float:
        """The share of the chunks that could pass and do."""
        could = self.passed + len(self.stuck)
        return self.passed / could if could else 1.0


def score(pages: Sequence[Page], check: Document, listed: Document, ran: Document) -> Score:
    """Compare what three commands print as JSON with the right reading."""
    found = Score()
    _problems(found, pages, check)
    outcomes = {
        (chunk["page"], chunk["line"]): chunk["outcome"]
        for section in ran["sections"]
        for chunk in section["chunks"]
    }
    units = Counter(section["page"] for section in listed["sections"] if section["chunks"])
    for page in pages:
        if page.units is not None and units[page.path] != page.units:
            found.units.append((page.path, page.units, units[page.path]))
        for fence in page.fences:
            _chunk(found, page, fence, outcomes.get((page.path, fence.line), "not run"))
    return found


def _problems(found: Score, pages: Sequence[Page], check: Document) -> None:
    true = {(page.path, code, line) for page in pages for code, line in page.true}
    reported = Counter((each["path"], each["code"], each["line"]) for each in check["problems"])
    for (path, code, line), times in reported.items():
        if (path, code, line) in true:
            found.true[code] += times
        else:
            found.false += [(path, code, line)] * times
    for page in pages:
        said = {code for path, code, _ in reported if path == page.path}
        found.missed += [(page.path, code) for code in {code for code, _ in page.true} - said]


def _chunk(found: Score, page: Page, fence: Expected, outcome: str) -> None:
    passed = outcome == "passed"
    if fence.passes and passed:
        found.passed += 1
    elif fence.passes:
        found.stuck.append((page.path, fence.line, outcome))
    elif passed and fence.kind != "sketch":  # `...` is one, and does no harm
        found.wrong.append((page.path, fence.line))
