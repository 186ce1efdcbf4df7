"""The words around code and results, in the languages of the site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tangle.weave.words import is_chinese


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeWords:
    """Words around code; `{}` stands for what they are about.

    Attributes:
        marks: whether a chunk's output matches its code, and the states of sections.
        why: what the marks mean.
    """

    marks: Mapping[str, str]
    why: Mapping[str, str]
    source: str
    supplied: str
    saved: str
    never_used: str
    used_in: str
    stands_for: str
    line: str
    failure: str
    missing_file: str
    edited: str
    section: str
    title: str
    state: str
    chunks: str
    saves: str
    time: str
    seconds: str
    defined_in: str
    code: str
    names_of: str
    sections: str
    methods: str
    added_in: str
    imported: str
    files: str


ENGLISH: Final = CodeWords(
    marks={
        "fresh": "fresh",
        "stale": "stale",
        "failed": "failed",
        "not-run": "not run",
        "skipped": "skipped",
        "broken": "has errors",
        "no-code": "no code",
        "ready": "never run",
        "needs-names": "names are missing",
        "needs-packages": "packages are missing",
        "sketch": "a sketch",
    },
    why={
        "fresh": "The output is of the current code",
        "stale": "The code has changed since this output was written",
        "failed": "The code failed when it was last run",
        "not-run": "The code has not been run",
    },
    source="from {section}, line {line}",
    supplied="supplied by tangle: {}",
    saved="saved into the package {}",
    never_used="no other section uses it",
    used_in="used in",
    stands_for="stands for the chunk in line {}",
    line="line {}",
    failure="Failure",
    missing_file="The file {} is missing",
    edited="edited by hand",
    section="Section",
    title="Title",
    state="State",
    chunks="Chunks",
    saves="Saves",
    time="Time",
    seconds="{} s",
    defined_in="Defined in",
    code="Code",
    names_of="Package {}",
    sections="Sections",
    methods="Methods",
    added_in="added in",
    imported="Imports",
    files="Files",
)
CHINESE: Final = CodeWords(
    marks={
        "fresh": "最新",
        "stale": "已过期",
        "failed": "失败",
        "not-run": "未运行",
        "skipped": "跳过",
        "broken": "有错误",
        "no-code": "没有代码",
        "ready": "从未运行",
        "needs-names": "缺少名称",
        "needs-packages": "缺少软件包",
        "sketch": "草稿",
    },
    why={
        "fresh": "输出与当前代码一致",
        "stale": "写下输出之后，代码已经改过",
        "failed": "上次运行时，这段代码失败了",
        "not-run": "这段代码还没有运行过",
    },
    source="来自 {section} 第 {line} 行",
    supplied="tangle 补上的导入：{}",
    saved="保存到软件包 {}",
    never_used="其他小节没有用到",
    used_in="用于",
    stands_for="代表第 {} 行的代码块",
    line="第 {} 行",
    failure="失败",
    missing_file="缺少文件 {}",
    edited="手工改过",
    section="小节",
    title="标题",
    state="状态",
    chunks="代码块",
    saves="保存的名称",
    time="时间",
    seconds="{} 秒",
    defined_in="定义于",
    code="代码",
    names_of="软件包 {}",
    sections="所有小节",
    methods="方法",
    added_in="添加于",
    imported="导入",
    files="文件",
)


def code_words(language: str) -> CodeWords:
    """Return the words of a language; those in English where there are none.

    Args:
        language: its BCP 47 tag.
    """
    return CHINESE if is_chinese(language) else ENGLISH
