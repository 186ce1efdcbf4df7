"""Files that a site takes from elsewhere: pictures of the graph, and the script of diagrams."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from tangle.store import NotReadable, read_bytes
from tangle.verbs.config_errors import BadConfig
from tangle.verbs.config_limits import leads_outside
from tangle.verbs.project import Project

MERMAID: Final = "static/mermaid/mermaid.min.js"
_FONT_FOLDERS: Final = (
    *("~/.local/share/fonts", "~/.fonts", "/usr/local/share/fonts", "/usr/share/fonts"),
    *("~/Library/Fonts", "/Library/Fonts", "/System/Library/Fonts", "C:/Windows/Fonts"),
)
_WIDE_FONTS: Final = (
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-*.[ot]tf"),
    *("SourceHanSans*-Regular.*", "wqy-*.ttc", "PingFang.ttc", "Hiragino Sans GB.ttc"),
    *("msyh.ttc", "simhei.ttf", "DroidSansFallback*.ttf"),
)
LARGEST: Final = 1 << 30
"""Bytes of a file that is read into memory."""


def mermaid_script(project: Project) -> bytes | None:
    """Return the script that draws diagrams; None if none is configured.

    Raises:
        BadConfig: it cannot be read, or lies outside of the configuration's folder.
    """
    name = project.options.site.mermaid
    if not name:
        return None
    folder = project.config.parent if project.config is not None else project.root
    where = project.config or folder
    if leads_outside(folder, name):
        message = f"site.mermaid leads out of its folder: {name!r}"
        raise BadConfig(where, message, f"name a file in {folder}", option="mermaid")
    try:
        return read_bytes(folder / name, LARGEST)
    except NotReadable as error:
        message = f"site.mermaid cannot be read: {name!r}: {error.why}"
        hint = "name the file mermaid.min.js, as npm install mermaid puts it under node_modules"
        raise BadConfig(where, message, hint, option="mermaid") from error


def own_style(project: Project) -> bytes | None:
    """Return the graph's style sheet for the site, `logseq/site.css`; None if it has none.

    A link that leads out of the graph does not count: it could publish any file.
    """
    name = "logseq/site.css"
    if leads_outside(project.graph, name):
        return None
    try:
        return read_bytes(project.graph / name)
    except NotReadable:
        return None


@cache
def wide_font() -> str:
    """Return the file of a font with Chinese characters; empty where none is found.

    The folders are searched once: a live site asks at every save.
    """
    for folder in _FONT_FOLDERS:
        for name in _WIDE_FONTS:
            for found in sorted(Path(folder).expanduser().rglob(name)):
                if _is_font(found):
                    return str(found)
    return ""


def _is_font(path: Path) -> bool:
    from PIL import ImageFont

    try:
        ImageFont.truetype(path, 20)
    except (ImportError, OSError):  # Pillow without FreeType; a file that is no font
        return False
    return True


def picture(path: Path, shown: str, warnings: list[str]) -> bytes:
    """Return what the site has of a picture that must be cleaned.

    Args:
        path: the file.
        shown: as a person finds it.
        warnings: takes what is wrong with it.
    """
    from tangle.weave.assets import cleaned

    data, fault = cleaned(read_bytes(path, LARGEST))
    if fault:
        warnings.append(f"{shown}: warning: {fault}")
    return data
