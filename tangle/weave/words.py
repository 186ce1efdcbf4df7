"""The words of the site's interface, in English and Chinese; `{}` is filled in later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Words = Mapping[str, str]

ENGLISH: Final[Words] = {
    "all_pages": "All pages",
    "backlinks": "Linked from",
    "book": "Contents of the book",
    "contents": "On this page",
    "journals": "Journal",
    "made_with": "Woven by tangle from Logseq notes",
    "menu": "Menu",
    "more_backlinks": "{} more pages",
    "more_blocks": "{} more blocks",
    "needs_script": "The search needs JavaScript. Here is a list without it:",
    "next": "Next",
    "nothing_yet": "This page has no text yet.",
    "other_letters": "Other",
    "previous": "Previous",
    "search": "Search",
    "site": "Site",
    "skip": "Skip to the text",
    "start": "Start reading",
    "turn": "Previous and next page",
}
ENGLISH_SCRIPT: Final[Words] = {
    "close": "Close",
    "copied": "Copied",
    "copy": "Copy",
    "help": "Keyboard shortcuts",
    "key_help": "show this help",
    "key_next": "next page",
    "key_previous": "previous page",
    "key_down": "next block",
    "key_up": "previous block",
    "key_search": "search",
    "key_theme": "change the colors",
    "link_here": "Link to this heading",
    "more": "Show more",
    "no_results": "Nothing found for “{}”.",
    "one_result": "1 result",
    "preview": "Preview: {}",
    "progress": "{} of {} read",
    "read": "read",
    "reset": "Forget my progress",
    "results": "{} results",
    "search": "Search",
    "search_failed": "The search index could not be loaded.",
    "searching": "Searching…",
    "theme_auto": "Colors: as the system",
    "theme_dark": "Colors: dark",
    "theme_light": "Colors: light",
}

CHINESE: Final[Words] = {
    "all_pages": "所有页面",
    "backlinks": "链接到这里的块",
    "book": "全书目录",
    "contents": "本页目录",
    "journals": "日志",
    "made_with": "由 tangle 从 Logseq 笔记生成",
    "menu": "菜单",
    "more_backlinks": "另外 {} 页",
    "more_blocks": "另外 {} 块",
    "needs_script": "搜索需要 JavaScript。不用它也能看的列表：",
    "next": "下一页",
    "nothing_yet": "这一页还没有正文。",
    "other_letters": "其他",
    "previous": "上一页",
    "search": "搜索",
    "site": "网站",
    "skip": "跳到正文",
    "start": "开始阅读",
    "turn": "上一页和下一页",
}
CHINESE_SCRIPT: Final[Words] = {
    "close": "关闭",
    "copied": "已复制",
    "copy": "复制",
    "help": "键盘快捷键",
    "key_help": "显示这份帮助",
    "key_next": "下一页",
    "key_previous": "上一页",
    "key_down": "下一块",
    "key_up": "上一块",
    "key_search": "搜索",
    "key_theme": "切换配色",
    "link_here": "本节的链接",
    "more": "显示更多",
    "no_results": "没有找到“{}”。",
    "one_result": "1 个结果",
    "preview": "预览：{}",
    "progress": "已读 {} / {}",
    "read": "已读",
    "reset": "清除阅读进度",
    "results": "{} 个结果",
    "search": "搜索",
    "search_failed": "搜索索引无法载入。",
    "searching": "正在搜索……",
    "theme_auto": "配色：跟随系统",
    "theme_dark": "配色：深色",
    "theme_light": "配色：浅色",
}


def words(language: str) -> Words:
    """Return what the templates show; English for languages other than Chinese.

    Args:
        language: BCP 47 tag.
    """
    return CHINESE if is_chinese(language) else ENGLISH


def script_words(language: str) -> Words:
    """Return what the script shows, which the templates hand over.

    Args:
        language: BCP 47 tag.
    """
    return CHINESE_SCRIPT if is_chinese(language) else ENGLISH_SCRIPT


def is_chinese(language: str) -> bool:
    """Whether a BCP 47 tag means Chinese."""
    return language.lower().split("-")[0] == "zh"
