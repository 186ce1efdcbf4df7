"""Find the pages whose code generated files contain, by what the files say."""

from __future__ import annotations

from collections.abc import Collection

from tangle.emit import comment
from tangle.model import PagePath
from tangle.store import generated_folders, plan_tree, read_bytes
from tangle.verbs.project import Project


def has_code_of(text: str, path: PagePath) -> bool:
    """Whether a generated file says that it has code of a page.

    Args:
        text: of the file.
        path: of the page.
    """
    return comment(f"({path}").removeprefix("# ") in text


def tangled_pages(project: Project, paths: Collection[PagePath]) -> frozenset[PagePath]:
    """Return the pages of which generated files have code.

    Args:
        project: whose files.
        paths: the pages that are looked for.
    """
    if not paths:
        return frozenset()
    tops = generated_folders(project.output)
    files = plan_tree(project.output, {}, owned=project.package.root, former=tops).removed
    texts = [read_bytes(project.output / name).decode("utf-8", "replace") for name in files]
    return frozenset(path for path in paths if any(has_code_of(text, path) for text in texts))
