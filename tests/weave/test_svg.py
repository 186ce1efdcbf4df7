"""How SVG files of notes are cleaned."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from tangle.weave.svg import BadSvg, clean_svg

NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'

HOSTILE = [
    "<script>hit()</script>",
    '<script href="https://evil.example/x.js"/>',
    '<script xmlns="http://www.w3.org/1999/xhtml">hit()</script>',
    '<x:script xmlns:x="http://www.w3.org/2000/svg">hit()</x:script>',
    '<rect width="1" height="1" onload="hit()" ONCLICK="hit()"/>',
    '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml" onload="hit()"/></foreignObject>',
    '<a href="javascript:hit()"><text>x</text></a>',
    '<a xlink:href="java&#10;script:hit()"><text>x</text></a>',
    '<a href="data:text/html,x"><text>x</text></a>',
    '<a><set attributeName="href" to="javascript:hit()"/><text>x</text></a>',
    '<a><animate attributeName="href" values="javascript:hit()"/></a>',
    '<use href="https://evil.example/x.svg#a"/>',
    '<use href="&#160;#evil"/>',
    '<use href="data:image/svg+xml;base64,PHN2Zz4="/>',
    '<image href="https://evil.example/a.png"/>',
    '<image xlink:href="data:image/svg+xml,x"/>',
    '<feImage href="https://evil.example/a.png"/>',
    "<style>@import 'https://evil.example/x.css';</style>",
    "<style>rect { fill: url(https://evil.example/a#b) }</style>",
    "<style>rect { fill: u\\72l(https://evil.example/a) }</style>",
    '<style>a<b xmlns="">@import "x"</b></style>',
    "<rect style=\"fill: url( 'https://evil.example/a' )\"/>",
    '<rect fill="url(//evil.example/a#b)" filter="URL(https://evil.example)"/>',
    '<rect xml:base="https://evil.example/"/>',
    '<handler xmlns="http://www.w3.org/2000/svg" type="text/javascript">hit()</handler>',
    '<iframe xmlns="http://www.w3.org/1999/xhtml" src="javascript:hit()"/>',
    "<text>]]&gt;&lt;script&gt;hit()&lt;/script&gt;</text>",
]


@pytest.mark.parametrize("inside", HOSTILE)
def test_nothing_in_it_runs_or_loads(inside: str) -> None:
    cleaned = clean_svg(f'<svg {NS} onload="hit()">{inside}<rect id="kept"/></svg>'.encode())
    root = ET.fromstring(cleaned)
    names = {element.tag.rpartition("}")[2].lower() for element in root.iter()}
    assert not names & {"script", "foreignobject", "set", "animate", "handler", "iframe", "body"}
    values = [v for e in root.iter() for v in [*e.attrib.values(), e.text or ""] if e is not root]
    attributes = [name.lower() for e in root.iter() for name in e.attrib]
    assert not [name for name in attributes if name.startswith("on")]
    assert not [v for v in values if re.search(r"evil|javascript:|java\n|^data:", v)]
    assert root.findall(".//*[@id='kept']")


@pytest.mark.parametrize(
    "head",
    [
        '<?xml-stylesheet href="https://evil.example/x.css"?>',
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "https://evil.example/svg11.dtd">',
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
        "<!-- <script>hit()</script> -->",
    ],
)
def test_what_precedes_it_is_removed(head: str) -> None:
    cleaned = clean_svg(f"{head}<svg {NS}><rect/></svg>".encode()).decode()
    assert cleaned.count("<?xml") == 1
    assert "evil" not in cleaned
    assert "<!" not in cleaned


def test_a_drawing_keeps_what_it_shows() -> None:
    drawing = (
        f'<svg {NS} viewBox="0 0 9 9" width="9" xml:space="preserve">'
        "<defs><style>*{stroke-linejoin: round}</style>"
        '<linearGradient id="g"><stop offset="0" stop-color="#fff"/></linearGradient></defs>'
        '<g style="fill: url(#g); stroke: none" transform="translate(1 2)">'
        '<use xlink:href="#p" x="1"/><image href="data:image/png;base64,iVBORw0KGgo="/>'
        '<a href="https://a.example/"><text>交叉熵 <tspan>b</tspan> c</text></a></g></svg>'
    )
    cleaned = clean_svg(drawing.encode())
    assert [e.tag for e in ET.fromstring(cleaned).iter()] == [
        e.tag for e in ET.fromstring(drawing).iter()
    ]
    assert [e.attrib for e in ET.fromstring(cleaned).iter()] == [
        e.attrib for e in ET.fromstring(drawing).iter()
    ]
    assert "交叉熵 ".encode() in cleaned
    assert clean_svg(cleaned) == cleaned


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"<svg>",
        b"<svg><rect></svg>",
        b"<svg/>",
        b"<html xmlns='http://www.w3.org/1999/xhtml'/>",
        b"<svg xmlns='http://www.w3.org/2000/svg'>\xff</svg>",
        f"<svg {NS}>{'<g>' * 2_000}{'</g>' * 2_000}</svg>".encode(),
        b"<?xml version='1.0' encoding='nonsense'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!DOCTYPE svg [<!ENTITY a 'aaaaaaaaaa'>"
        + b"".join(b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
        + b"]><svg xmlns='http://www.w3.org/2000/svg'>&j;</svg>",
        (
            b"<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"
            b"<svg xmlns='http://www.w3.org/2000/svg'><text>&a;</text></svg>"
        ),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes) -> None:
    with pytest.raises(BadSvg):
        clean_svg(data)
