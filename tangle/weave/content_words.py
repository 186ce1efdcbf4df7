"""The few words that the content of a page says by itself, in the languages of the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tangle.weave.words import is_chinese


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentWords:
    """Words in the content of pages; `{}` stands for what they are about."""

    query: str
    macro: str
    no_block: str
    no_file: str
    circle: str
    too_much: str
    bad_address: str
    fold: str
    solution: str
    scheduled: str
    deadline: str
    closed: str
    video: str
    image: str


ENGLISH: Final = ContentWords(
    query="A query: Logseq works out its results, so they are left out here",
    macro="A macro that only Logseq can show",
    no_block="There is no block with the id {}",
    no_file="There is no file {}",
    circle="Shown already: blocks that show one another",
    too_much="Left out, as this page shows too much of others",
    bad_address="An address that the site does not link to",
    fold="Folded",
    solution="Solution",
    scheduled="Scheduled",
    deadline="Deadline",
    closed="Closed",
    video="Video",
    image="Image",
)
CHINESE: Final = ContentWords(
    query="这里是一个查询：结果由 Logseq 计算，网页上不显示",
    macro="这个宏只有 Logseq 能显示",
    no_block="没有编号为 {} 的块",
    no_file="没有这个文件：{}",
    circle="上面已经显示：这些块互相嵌入",
    too_much="本页嵌入的内容太多，这里略去",
    bad_address="网页不链接这个地址",
    fold="已折叠",
    solution="解答",
    scheduled="计划",
    deadline="截止",
    closed="完成",
    video="视频",
    image="图片",
)


def content_words(language: str) -> ContentWords:
    """Return the words of a language; those in English where there are none.

    Args:
        language: its BCP 47 tag.
    """
    return CHINESE if is_chinese(language) else ENGLISH
