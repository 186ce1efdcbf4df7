"""What the text of a block can refer to, and where a writer of HTML is in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tangle.model import PagePath
from tangle.weave.block_text import BlockText, Code


@dataclass(slots=True)
class Here:
    """Where the writer is.

    Attributes:
        links: whether a link may be here: none may be in another.
        depth: how many references deep.
        flow: whether an element that is more than a stretch of a line may be here.
    """

    page: PagePath
    block: BlockText
    links: bool = True
    depth: int = 0
    flow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A block that a reference leads to.

    Attributes:
        href: of the block, from the site's root; empty where its page is not published.
    """

    href: str
    text: BlockText
    page: PagePath


class Site(Protocol):
    """What the text of a block can refer to."""

    def page(self, title: str) -> str | None:
        """The address of a page; None if it is not published."""

    def block(self, uuid: str) -> Said | None:
        """A block by its id; None if there is none."""

    def file(self, page: PagePath, address: str) -> str | None:
        """The address of a file that a page links to; None if there is none."""

    def formula(self, tex: str, here: Here, *, display: bool) -> str:
        """A formula as HTML."""

    def code(self, page: PagePath, block: BlockText, code: Code) -> str:
        """A fence as HTML."""

    def clean(self, text: str, here: Here) -> str:
        """HTML of the notes without whatever could run."""

    def address(self, url: str) -> str | None:
        """An address that a reader may be sent to; None for others."""

    def warn(self, page: PagePath, line: int, message: str) -> None:
        """Note what is wrong with a page."""
