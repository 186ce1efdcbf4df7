"""The words of the site's own interface, in English and Chinese."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptWords:
    """What the script of the site shows; `{}` is filled in there."""

    close: str = "Close"
    copied: str = "Copied"
    copy: str = "Copy"
    help: str = "Keyboard shortcuts"
    key_help: str = "show this help"
    key_next: str = "next page"
    key_previous: str = "previous page"
    key_down: str = "next block"
    key_up: str = "previous block"
    key_search: str = "search"
    key_theme: str = "change the colors"
    link_here: str = "Link to this heading"
    more: str = "Show more"
    no_results: str = "Nothing found for “{}”."
    one_result: str = "1 result"
    preview: str = "Preview: {}"
    progress: str = "{} of {} read"
    read: str = "read"
    reset: str = "Forget my progress"
    results: str = "{} results"
    search: str = "Search"
    search_failed: str = "The search index could not be loaded."
    searching: str = "Searching…"
    theme_auto: str = "Colors: as the system"
    theme_dark: str = "Colors: dark"
    theme_light: str = "Colors: light"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the templates show.

    Attributes:
        script: what they hand to the script.
    """

    all_pages: str = "All pages"
    backlinks: str = "Linked from"
    book: str = "Contents of the book"
    contents: str = "On this page"
    home: str = "Home"
    journals: str = "Journal"
    made_with: str = "Woven by tangle from Logseq notes"
    menu: str = "Menu"
    needs_script: str = (
        "The search needs JavaScript. Without it, look through the list of all pages."
    )
    next: str = "Next"
    nothing_yet: str = "This page has no text yet."
    other_letters: str = "Other"
    previous: str = "Previous"
    recent: str = "Recent pages"
    search: str = "Search"
    site: str = "Site"
    skip: str = "Skip to the text"
    start: str = "Start reading"
    tags: str = "Tags"
    turn: str = "Previous and next page"
    script: ScriptWords = ScriptWords()

    @property
    def for_script(self) -> str:
        """The script's words as JSON."""
        return json.dumps(asdict(self.script), ensure_ascii=False, separators=(",", ":"))


ENGLISH: Final = Words()
CHINESE: Final = Words(
    all_pages="所有页面",
    backlinks="链接到这里的块",
    book="全书目录",
    contents="本页目录",
    home="首页",
    journals="日志",
    made_with="由 tangle 从 Logseq 笔记生成",
    menu="菜单",
    needs_script="搜索需要 JavaScript。没有它时，请看所有页面的列表。",
    next="下一页",
    nothing_yet="这一页还没有正文。",
    other_letters="其他",
    previous="上一页",
    recent="最近的页面",
    search="搜索",
    site="网站",
    skip="跳到正文",
    start="开始阅读",
    tags="标签",
    turn="上一页和下一页",
    script=ScriptWords(
        close="关闭",
        copied="已复制",
        copy="复制",
        help="键盘快捷键",
        key_help="显示这份帮助",
        key_next="下一页",
        key_previous="上一页",
        key_down="下一块",
        key_up="上一块",
        key_search="搜索",
        key_theme="切换配色",
        link_here="本节的链接",
        more="显示更多",
        no_results="没有找到“{}”。",
        one_result="1 个结果",
        preview="预览：{}",
        progress="已读 {} / {}",
        read="已读",
        reset="清除阅读进度",
        results="{} 个结果",
        search="搜索",
        search_failed="搜索索引无法载入。",
        searching="正在搜索……",
        theme_auto="配色：跟随系统",
        theme_dark="配色：深色",
        theme_light="配色：浅色",
    ),
)


def words(language: str) -> Words:
    """Choose the interface words for a BCP 47 language tag; English for languages other than Chinese."""
    return CHINESE if language.lower().split("-")[0] == "zh" else ENGLISH
