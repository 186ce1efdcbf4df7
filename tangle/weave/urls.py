"""Addresses of the site's pages, and anchors of their blocks."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from tangle.link import title_key
from tangle.model import Page

ROOT: Final = "\x02"
"""The way to the site's root in a fragment of HTML, until the page that shows it is known.

No text of a note can hold this character: `escaped` replaces it.
"""

INDEX: Final = "index.html"
JOURNALS: Final = "journals"
ASSETS: Final = "assets"
_OWN_FOLDERS: Final = frozenset({ASSETS, "static", "search", "downloads"})
_OWN_PAGES: Final = frozenset({"index", "all-pages", "sections", "package", "search", "404"})
_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices, whatever their suffix."""

_KEPT: Final = "-_.()+,=@"
_BYTES: Final = 100
"""Bytes that one part of an address may have before its digest and suffix."""
_DIGEST: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Titled:
    """A page that needs an address.

    Attributes:
        title: as Logseq shows it.
        day: where it is a page of the journal.
        written: whether it has text; a concept that is only named has none.
    """

    title: str
    day: date | None = None
    written: bool = True


class Urls(Mapping[str, str]):
    """The address of each page, by the form in which titles compare.

    An address depends on the page's title alone. Of titles whose addresses differ at most in case,
    one keeps the plain address: a page that is titled like its address, else one with text, else
    the first in order. The others get a digest of their title, so they keep theirs whatever comes.
    """

    def __init__(self, pages: Iterable[Titled]) -> None:
        """Give each page its address."""
        self._found: dict[str, str] = {}
        taken: set[str] = set()
        folders: dict[str, str] = {}
        for asked, page in sorted(((_plain(page), page) for page in pages), key=_rank):
            href = plain = _in_known_folders(asked, folders)
            if _folded(plain) in taken or _is_own(plain):
                href = f"{_shortened(plain, _BYTES)}~{_digest(title_key(page.title))}"
            taken.add(_folded(href))
            self._found[title_key(page.title)] = f"{href}.html"

    def __getitem__(self, title: str) -> str:
        """The address of a page, relative to the site's root."""
        return self._found[title_key(title)]

    def __iter__(self) -> Iterator[str]:
        """The titles, in the form in which they compare."""
        return iter(self._found)

    def __len__(self) -> int:
        """How many pages there are."""
        return len(self._found)


_DOCUMENT_SUFFIXES: Final = (
    "1km apxml atom atomcat atomdeleted atomsrv atomsvc bmml ccmp ccxml cdxml cellml cl clue "
    "cpl csl dae davmount dbk dd2 ddf dfxp dist distz dtb dtd dwd emma emotionml ent es es3 et3 "
    "fdt fo gml gpx grxml gsheet hal held htm html ink inkml irp its jnlp js kml lasxml lbe lgr "
    "link66 lostsyncxml lostxml mads maei mathml meta4 metalink mets mht mhtml mjs mml mod mods "
    "moml mpd mpkg mrcx mscml musd musicxml mxml ncx obgx odd omdoc opf osm owl pkg plist pls "
    "provx pskcxml rapd rdf relo rfcxml rif rl rld rng rs rsat rsd rsheet rss rusd sbml scl "
    "sdkd sdkm senmlx sensmlx shf shtml sls smi smil sml sru srx ssdl ssml stpx svgz swidtag td "
    "tei teicorpus tfi ttml uis uo uoml uvt uvvt vxml wadl wbs wif wsdl wspolicy x3d x3dz xaml "
    "xav xbl xca xcs xdf xdm xdp xdssc xel xenc xer xht xhtm xhtml xhvml xlf xml xmls xns xop "
    "xpdl xpl xsd xsf xsl xslt xsm xspf xul xvm xvml yin zaz zmm"
)
_DOCUMENTS: Final = frozenset(_DOCUMENT_SUFFIXES.split())
"""Opened by themselves, these would run as part of the site: they are shown as text.

Web servers send them as HTML, JavaScript or XML of some kind, in which browsers run scripts, too.
"""
_PACKED: Final = frozenset(("br", "bz2", "gz", "lzma", "xz", "z", "zst"))
"""Some servers send `a.html.gz` as HTML that browsers unpack."""


def asset_href(path: str) -> str:
    """The address of a copied file.

    Args:
        path: of the file, relative to the graph.
    """
    parts = path.split("/")
    if parts[0] == ASSETS:
        parts = parts[1:]
    *folders, name = parts
    stem, dot, suffix = name.rpartition(".")
    if not (dot and suffix.isascii() and suffix.isalnum()):
        stem, suffix = name, "bin"
    plain = "/".join([*map(_part, folders), _part(stem)])
    same = f"{plain}.{suffix}" == "/".join(parts)
    inner = stem.rpartition(".")[2] if suffix.lower() in _PACKED else suffix
    if inner.lower() in _DOCUMENTS:
        suffix = f"{suffix}.txt"
    # Files whose names differ only in what an address cannot hold stay apart, and so do files
    # of other folders.
    mark = "" if same and path.startswith(f"{ASSETS}/") else f"~{_digest(path)}"
    return f"{ASSETS}/{plain}{mark}.{suffix}"


def anchors(page: Page) -> tuple[str, ...]:
    """The anchor of each block of a page: its id, or else a digest of its text and its parents'.

    A block keeps its anchor when blocks beside it change, and a heading when its text does.
    """
    seen: dict[bytes, int] = {}
    paths: list[bytes] = []
    found: list[str] = []
    for block in page.blocks:
        above = paths[block.parent] if block.parent >= 0 else b""
        text = page.data[block.span.start : block.span.end].strip()
        said = block.title.encode("utf-8", "surrogatepass") if block.heading else text
        path = hashlib.blake2b(above + said, digest_size=16).digest()
        paths.append(path)
        count = seen[path] = seen.get(path, 0) + 1
        again = "" if count == 1 else f"-{count}"
        found.append(block.id or f"b-{path.hex()[:10]}{again}")
    return _distinct(found)


def _distinct(found: list[str]) -> tuple[str, ...]:
    """Unique anchors: a page may say the same `id::` twice."""
    seen: set[str] = set()
    distinct: list[str] = []
    for number, anchor in enumerate(found):
        distinct.append(anchor if anchor not in seen else f"{anchor}-at-{number}")
        seen.add(anchor)
    return tuple(distinct)


def _in_known_folders(plain: str, folders: dict[str, str]) -> str:
    """An address whose folders are spelled as those before it: on some disks they are the same."""
    *names, last = plain.split("/")
    path = ""
    for name in names:
        path = folders.setdefault(_folded(path + name), path + name) + "/"
    return path + last


def _rank(entry: tuple[str, Titled]) -> tuple[bool, bool, str]:
    plain, page = entry
    return (plain != page.title, not page.written, page.title)


def _plain(page: Titled) -> str:
    """The address that a title asks for, without its suffix."""
    if page.day is not None:
        return f"{JOURNALS}/{page.day.isoformat()}"
    *folders, name = [part for part in page.title.split("/") if part.strip()] or [page.title]
    # A folder `x.html` would be where the page `x` has its file.
    parts = [re.sub(r"\.html$", "-html", _part(part), flags=re.IGNORECASE) for part in folders]
    return "/".join([*parts, _part(name)])


def _part(text: str) -> str:
    """One part of a title as a part of an address."""
    form = unicodedata.normalize("NFC", text)
    plain = "".join(c if _is_kept(c) else "-" for c in form)
    plain = re.sub(r"-{2,}", "-", plain).strip("-").lstrip(".").rstrip(". ") or "-"
    if _DEVICES.fullmatch(plain):
        plain = f"-{plain}"
    if len(plain.encode()) > _BYTES:
        plain = f"{_shortened(plain, _BYTES)}~{_digest(text)}"
    return plain


def _is_kept(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character in _KEPT
    return unicodedata.category(character)[0] not in "ZC"


def _shortened(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore") if "/" not in text else text


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()[
        :_DIGEST
    ]


def _folded(plain: str) -> str:
    """The form in which file systems that ignore case compare names."""
    return unicodedata.normalize("NFC", plain.casefold())


def _is_own(plain: str) -> bool:
    """Whether an address is kept for what the site itself has there."""
    top, _, rest = _folded(plain).partition("/")
    return top in _OWN_FOLDERS if rest else top in _OWN_PAGES
