"""Plan to files: everything that `tangle build` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tangle.analyse import Session
from tangle.emit.names import script_names
from tangle.emit.package import MARK, init, main
from tangle.emit.scripts import script
from tangle.model import PackageName, Section


def section_script(session: Session, name: PackageName, *, folder: str | None, seed: int) -> str:
    """The text of a session's script.

    Args:
        session: the session.
        name: of the package.
        folder: of its page, relative to the output folder, or None.
        seed: of the random generators.
    """
    titles = {part.name: part.title for part in (session.unit.section, *session.unit.parts)}
    return script(session, root=name.root, folder=folder, seed=seed, titles=titles)


def shared_files(
    name: PackageName, module_text: str, sections: Sequence[Section]
) -> Mapping[str, str]:
    """Path and text of every generated file that is no script, for the sections that have one."""
    root = name.root
    modules = script_names((section.name, section.number) for section in sections)
    rows = [(section.name, section.title, modules[section.name]) for section in sections]
    return {
        f"{root}/__init__.py": init(name),
        f"{root}/{name.module}.py": module_text,
        f"{root}/__main__.py": main(name, rows),
        f"{root}/sections/__init__.py": MARK + '"""One script a section."""\n',
    }


def script_paths(name: PackageName, sections: Sequence[Section]) -> Sequence[str]:
    """Where the scripts of sections go, relative to the output folder."""
    modules = script_names((section.name, section.number) for section in sections)
    return [f"{name.root}/sections/{module}.py" for module in modules.values()]


def is_script(path: str, name: PackageName) -> bool:
    """Whether a generated file, by its path relative to the output folder, is a section's."""
    return path.startswith(f"{name.root}/sections/sec_")
