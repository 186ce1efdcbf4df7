"""The law of the site: weaving after edits gives what weaving from nothing gives."""

from __future__ import annotations

from random import Random

import pytest

from tangle.link import GraphConfig
from tangle.model import PackageName
from tangle.notes import QUERIES, Core
from tangle.notes.core import NothingInstalled
from tangle.weave.inputs import SiteSettings
from tangle.weave.site import KEPT, roots, search_files, site_files
from tests.weave.woven import ID, OTHER, give, path_of, site

NAMES = ("a", "b", "c", "2024_05_01", "D e", "d-e")
TEXTS = (
    "- [[a]] and #b",
    "- [[new]]",
    f"- named\n  id:: {ID}",
    f"- (({ID})) {{{{embed (({OTHER}))}}}}",
    f"- {{{{embed [[b]]}}}}\n\t- below\n\t  id:: {OTHER}",
    "alias:: new\n\n- x",
    "public:: true\n\n- y",
    "title:: other\n\n- # head\n- ![x](../assets/x.png)",
    "tags:: [[a]], c\n\n- ```python\n  x = 1 #@save\n  ```",
    "- # 1. Part\n\t- ## 1.1. Piece\n\t\t- ```python\n\t\t  y = x\n\t\t  ```",
)


def files(core: Core) -> dict[str, bytes]:
    files = site_files(core) | search_files(core)
    return {name: file.make() for name, file in files.items()}


@pytest.mark.parametrize("seed", range(8))
def test_edits_one_after_the_other_give_what_a_new_store_gives(seed: int) -> None:
    rng = Random(seed)
    pages = {name: rng.choice(TEXTS) for name in NAMES[:3]}
    core = site(pages)
    for _ in range(6):
        name = rng.choice(NAMES)
        if name in pages and rng.random() < 0.3:
            del pages[name]
        else:
            pages[name] = rng.choice(TEXTS)
        assets = {"assets/x.png": "1"} if rng.random() < 0.5 else {}
        core.take_bytes({path_of(name): text.encode() for name, text in pages.items()})
        give(core, assets, SiteSettings(title="Notes", language="en"))
        assert files(core) == files(site(pages, assets))
        if rng.random() < 0.5:  # the next command reads what this one kept
            kept, core = core.dump(roots(core)), Core()
            core.load(kept, (*QUERIES, *KEPT))
            core.configure(GraphConfig(), PackageName(root="d2l", module="torch"), borrow=True)
            core.name_package(found=False)
            core.install(NothingInstalled(), "", supply=False)


def test_an_edit_changes_only_what_shows_it() -> None:
    pages = {f"p{number}": f"- [[p{number + 1}]] text" for number in range(9)}
    core = site(pages)
    before = files(core)
    core.take_bytes({path_of(n): t.encode() for n, t in (pages | {"p3": "- [[p4]] other"}).items()})
    changed = {name for name, data in files(core).items() if before[name] != data}
    html = {name for name in changed if name.endswith(".html")}
    assert html == {"p3.html", "p4.html"}
