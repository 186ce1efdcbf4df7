"""Graphs made by chance, and the same text as plain Markdown for other generators."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

_WORDS: Final = (
    *("gradient", "layer", "batch", "label", "feature", "weight", "sample", "noise", "curve"),
    *(
        "margin",
        "kernel",
        "entropy",
        "loss",
        "model",
        "the",
        "a",
        "of",
        "is",
        "with",
        "for",
        "each",
    ),
    *("small", "large", "random", "linear", "cross", "mean", "square", "step", "rate"),
)
_WIDE: Final = ("模型", "损失", "梯度", "样本", "标签", "权重", "噪声", "训练", "交叉熵", "学习率")
_FORMULAS: Final = (
    "x_i^2",
    r"\sum_{i=1}^n x_i",
    r"\frac{a}{b}",
    r"\hat{y}",
    r"\mathbf{W}\mathbf{x}+b",
)
_PICTURE: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="60">'
    '<path d="M5 50L60 10L115 40" fill="none" stroke="#36c" stroke-width="2"/></svg>'
)


class Made(NamedTuple):
    """A page as blocks.

    Attributes:
        title: of the page.
        sections: the heading of each section, and its blocks.
    """

    title: str
    sections: list[tuple[str, list[str]]]


def write_graph(folder: Path, pages: int, seed: int = 1) -> None:
    """Write a graph with all that pages of notes commonly hold.

    Args:
        folder: of the graph; made if need be.
        pages: how many, a fifth of them days of the journal.
        seed: of the choices.
    """
    chance = random.Random(seed)
    for name in ("pages", "journals", "assets", "logseq"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "logseq" / "config.edn").write_text("{}\n", encoding="utf-8")
    (folder / "assets" / "curve.svg").write_text(_PICTURE, encoding="utf-8")
    known: list[str] = []
    titles = _titles(pages)
    for number, title in enumerate(titles):
        made = _made(chance, title, titles)
        day = number % 5 == 4
        name = f"20{number // 360 % 90 + 10:02}_{number // 30 % 12 + 1:02}_{number % 28 + 1:02}"
        path = folder / ("journals" if day else "pages") / f"{name if day else _file(title)}.md"
        path.write_text("".join(_outline(chance, made, known)), encoding="utf-8")


def write_markdown(folder: Path, pages: int, seed: int = 1) -> None:
    """Write pages of the same kind of text as plain Markdown, with links from file to file."""
    chance = random.Random(seed)
    titles = _titles(pages)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.md").write_text(
        "# Notes\n\n" + "".join(f"- [{title}]({_slug(title)}.md)\n" for title in titles),
        encoding="utf-8",
    )
    for title in titles:
        made = _made(chance, title, titles)
        path = folder / f"{_slug(title)}.md"
        path.write_text("".join(_plain(made)), encoding="utf-8")


def _titles(pages: int) -> list[str]:
    kinds = ("Note {}", "概念 {}", "course/part {}", "What is {}?", "C++ {} #1")
    return [kinds[number % len(kinds)].format(number) for number in range(pages)]


def _file(title: str) -> str:
    return title.replace("/", "___").replace("?", "%3F").replace("#", "%23")


def _slug(title: str) -> str:
    return "".join(one if one.isalnum() else "-" for one in title)


def _made(chance: random.Random, title: str, titles: list[str]) -> Made:
    def words() -> str:
        said = " ".join(chance.choices(_WORDS, k=chance.randint(6, 24)))
        return f"{said} {''.join(chance.choices(_WIDE, k=chance.randint(2, 8)))}"

    def block() -> str:
        link = f"[[{chance.choice(titles)}]]"
        made = chance.randrange(8)
        if made == 0:
            return f"{words()} ${chance.choice(_FORMULAS)}$"
        if made == 1:
            return f"$${chance.choice(_FORMULAS)}$$"
        if made == 2:
            name = f"value_{chance.randrange(1000)}"
            return f"```python\n{name} = {chance.randrange(100)}\nprint({name})\n```"
        if made == 3:
            return f"| {chance.choice(_WORDS)} | n |\n|---|---|\n| {words()} | 1 |"
        return f"{words()} {link}" if made < 6 else f"**{chance.choice(_WORDS)}** {words()}"

    sections = [
        (f"{chance.choice(_WORDS)} {number}", [block() for _ in range(chance.randint(2, 6))])
        for number in range(chance.randint(1, 5))
    ]
    return Made(title, sections)


def _outline(chance: random.Random, made: Made, known: list[str]) -> Iterator[str]:
    """Yield a page as Logseq writes it; its ids are known to pages after it."""
    yield f"tags:: {chance.choice(_WORDS)}, {chance.choice(_WIDE)}\n\n"
    for heading, blocks in made.sections:
        yield f"- ## {heading}\n"
        for block in blocks:
            yield "\t- " + block.replace("\n", "\n\t  ") + "\n"
        name = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        yield f"\t- TODO {chance.choice(_WORDS)}\n\t  id:: {name}\n\t\t- below\n"
        if known:
            one, other = chance.choice(known), chance.choice(known)
            yield f"\t- see (({one})) and {{{{embed (({other}))}}}}\n"
        known.append(name)
    yield "- ![curve](../assets/curve.svg)\n"


def _plain(made: Made) -> Iterator[str]:
    import re

    yield f"# {made.title}\n"
    for heading, blocks in made.sections:
        yield f"\n## {heading}\n"
        for block in blocks:
            yield (
                "\n"
                + re.sub(r"\[\[(.*?)\]\]", lambda link: f"[{link[1]}]({_slug(link[1])}.md)", block)
                + "\n"
            )
