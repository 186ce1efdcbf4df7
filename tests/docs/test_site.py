"""The documentation is a site with search, in which every page has its place."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.docs.console import ROOT

DOCS = ROOT / "docs"
CONFIG = ROOT / "zensical.toml"


def pages_of(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    else:
        for each in nav.values() if isinstance(nav, dict) else nav:
            yield from pages_of(each)


def test_every_page_is_in_the_navigation_and_on_the_map() -> None:
    nav = list(pages_of(tomllib.loads(CONFIG.read_text(encoding="utf-8"))["project"]["nav"]))
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert sorted(nav) == sorted(pages)
    links = re.findall(r"\]\(([^)#]+\.md)", (DOCS / "README.md").read_text(encoding="utf-8"))
    assert set(links) == pages - {"README.md"}


@pytest.mark.skipif(find_spec("zensical") is None, reason="needs zensical, which `make` installs")
def test_the_site_is_built_without_a_warning_and_can_be_searched(tmp_path: Path) -> None:
    shutil.copy(CONFIG, tmp_path)
    shutil.copytree(DOCS, tmp_path / "docs")
    program = Path(sys.executable).with_name("zensical")
    done = subprocess.run(
        [program, "build", "--clean", "--strict"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    site = tmp_path / "build" / "docs"
    found = json.loads((site / "search.json").read_text(encoding="utf-8"))
    places = {item["location"].partition("#")[0] for item in found["items"]}
    made = {path.relative_to(DOCS).with_suffix(".html").as_posix() for path in DOCS.rglob("*.md")}
    assert made - {"README.html"} <= places
    html = (site / "tutorials" / "first-graph.html").read_text(encoding="utf-8")
    assert "tangle run Rain" in re.sub(r"<[^>]+>", "", html)
    assert "runs in:" not in re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)
    assert re.findall(r'(?:src|href)="(https?://[^"]*\.(?:js|css|woff2?))"', html) == []
