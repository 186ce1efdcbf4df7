"""Generate all files that `tangle build` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tangle.analyse import Session
from tangle.emit.names import script_names
from tangle.emit.package import MARK, init, installed, main
from tangle.emit.scripts import script
from tangle.model import PackageName, Section


def section_script(session: Session, name: PackageName, *, folder: str | None, seed: int) -> str:
    """Return the text of a session's script.

    Args:
        session: of the plan.
        name: the package, as configured.
        folder: of the page, relative to the output folder.
        seed: of the random generators.
    """
    titles = {part.name: part.title for part in (session.unit.section, *session.unit.parts)}
    return script(session, root=name.root, folder=folder, seed=seed, titles=titles)


def shared_files(
    name: PackageName,
    module_text: str | None,
    sections: Sequence[Section],
    *,
    overlay: bool = False,
) -> Mapping[str, str]:
    """Return path and text of every generated file that is not a script.

    Args:
        name: the package, as configured.
        module_text: of the saved statements; None where there are none.
        sections: those that have a script.
        overlay: whether the package is laid over an installed one of its name.
    """
    root = name.root
    modules = script_names((section.name, section.number) for section in sections)
    rows = [(section.name, section.title, modules[section.name]) for section in sections]
    return {
        **package_files(name, module_text, overlay=overlay),
        f"{root}/__main__.py": main(name, rows),
        f"{root}/sections/__init__.py": MARK + '"""One script a section."""\n',
    }


def package_files(
    name: PackageName, module_text: str | None, *, overlay: bool
) -> Mapping[str, str]:
    """Return path and text of the files that an import of the package needs.

    Args:
        name: the package.
        module_text: of the saved statements; None where there are none.
        overlay: whether it is laid over an installed package of its name.
    """
    files = {f"{name.root}/__init__.py": init(name, saves=module_text is not None, overlay=overlay)}
    if module_text is not None:
        files[f"{name.root}/{name.module}.py"] = module_text
    if overlay:
        files[f"{name.root}/_installed.py"] = installed(name)
    return files


def script_paths(name: PackageName, sections: Sequence[Section]) -> Sequence[str]:
    """Return the paths of the sections' scripts, relative to the output folder.

    Args:
        name: the package, as configured.
        sections: those that have a script.
    """
    modules = script_names((section.name, section.number) for section in sections)
    return [f"{name.root}/sections/{module}.py" for module in modules.values()]


def is_script(path: str, root: str) -> bool:
    """Whether a generated file is a section's script.

    Args:
        path: relative to the output folder.
        root: the package's top-level name.
    """
    return path.startswith(f"{root}/sections/sec_")
