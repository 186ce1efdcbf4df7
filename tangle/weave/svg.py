"""Clean SVG files: shapes and text stay; scripts, foreign elements and outside addresses go.

In an `<img>` no browser runs what an SVG holds. Opened by itself it is a document of the site.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree as ET

from tangle.weave.sanitize import clean_url

_SVG: Final = "{http://www.w3.org/2000/svg}"
_XLINK: Final = "{http://www.w3.org/1999/xlink}"
_XML: Final = "{http://www.w3.org/XML/1998/namespace}"
_XML_SPACE: Final = " \t\r\n"
"""What browsers leave out around an address; other blanks begin the name of another file."""
_DEPTH: Final = 200

_ELEMENT_NAMES: Final = (
    "svg a circle clipPath defs desc ellipse feBlend feColorMatrix feComponentTransfer "
    "feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight "
    "feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode "
    "feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence "
    "filter g image line linearGradient marker mask path pattern polygon polyline "
    "radialGradient rect stop style switch symbol text textPath title tspan use view"
)
_ELEMENTS: Final = frozenset(_ELEMENT_NAMES.split())
_IMAGE_DATA: Final = re.compile(r"\s*data:image/(?:png|jpeg|gif|webp);base64,[\w+/=\s]*", re.ASCII)
_URL: Final = re.compile(r"url\(\s*(?!['\"]?\s*#)", re.IGNORECASE)
_OUTSIDE_IN_CSS: Final = re.compile(
    r"\\|@import|expression\s*\(|image-set|-moz-binding|javascript:|src\(", re.IGNORECASE
)


class BadSvg(ValueError):
    """An SVG that cannot be read, so that its content is unknown."""


def clean_svg(data: bytes) -> bytes:
    """Return an SVG without whatever could run or load.

    Raises:
        BadSvg: it is no well-formed SVG.
    """
    try:
        root = ET.fromstring(data)  # expat bounds what entities expand to
    except (ET.ParseError, ValueError, LookupError) as error:
        raise BadSvg(str(error)) from None
    if root.tag != f"{_SVG}svg":
        raise BadSvg("its first element is no svg of the namespace http://www.w3.org/2000/svg")
    _clean(root)
    root.set("xmlns", _SVG[1:-1])
    root.set("xmlns:xlink", _XLINK[1:-1])
    cleaned: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return cleaned


def _clean(root: ET.Element) -> None:
    """Clean an element and all below it."""
    todo = [(root, 0)]
    while todo:
        element, depth = todo.pop()
        if depth > _DEPTH:
            raise BadSvg(f"its elements are nested more than {_DEPTH} deep")
        element.tag = element.tag.removeprefix(_SVG)
        _clean_attributes(element)
        if element.tag == "style" and _loads(element.text or ""):
            element.text = ""
        _remove_foreign(element)
        todo += [(child, depth + 1) for child in element]


def _remove_foreign(element: ET.Element) -> None:
    """Remove the children that are not allowed; the text behind each stays."""
    kept: list[ET.Element] = []
    for child in element:
        if child.tag.removeprefix(_SVG) in _ELEMENTS:
            kept.append(child)
        elif child.tail and kept:
            kept[-1].tail = (kept[-1].tail or "") + child.tail
        elif child.tail and element.tag != "style":
            element.text = (element.text or "") + child.tail
    if element.tag == "style":
        kept = []
    element[:] = kept


def _clean_attributes(element: ET.Element) -> None:
    given = dict(element.attrib)
    element.attrib.clear()
    for name, value in given.items():
        plain = name.replace(_XLINK, "xlink:").replace(_XML, "xml:")
        if "{" in plain or plain.lower().startswith("on"):
            continue
        if plain in ("href", "xlink:href"):
            if _may_refer(element.tag, value):
                element.set(plain, value)
        elif not plain.startswith(("xlink:", "xml:base")) and not _loads(value):
            element.set(plain, value)


def _may_refer(tag: str, value: str) -> bool:
    """Whether an element may hold an address."""
    if value.strip(_XML_SPACE).startswith("#"):
        return True
    if tag == "a":
        return clean_url(value) is not None and not value.strip().lower().startswith("data:")
    return tag == "image" and _IMAGE_DATA.fullmatch(value) is not None


def _loads(text: str) -> bool:
    """Whether a style or a presentation attribute names anything outside of its file."""
    return _URL.search(text) is not None or _OUTSIDE_IN_CSS.search(text) is not None
