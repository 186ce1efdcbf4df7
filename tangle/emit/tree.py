"""Plan to files: everything that `tangle build` writes."""

from __future__ import annotations

from collections.abc import Mapping

from tangle.analyse import Plan
from tangle.emit.names import script_names
from tangle.emit.package import MARK, init, main, module
from tangle.emit.scripts import script
from tangle.model import PagePath, SectionName


def files(plan: Plan, *, folders: Mapping[PagePath, str | None], seed: int) -> Mapping[str, str]:
    """Path and text of every generated file, relative to the output folder.

    Args:
        plan: what the notes come to.
        folders: for each page, its folder relative to the output folder, or None.
        seed: seed of the random generators in the section scripts.
    """
    package = plan.package
    root = package.name.root
    sessions = [session for session in plan.sessions if session.chunks]
    scripts = _script_names(plan)
    titles = {
        part.name: part.title
        for session in sessions
        for part in (session.unit.section, *session.unit.parts)
    }
    rows = [(s.name, s.unit.section.title, scripts[s.name]) for s in sessions]
    found = {
        f"{root}/__init__.py": init(package),
        f"{root}/{package.name.module}.py": module(package).text,
        f"{root}/__main__.py": main(package, rows),
        f"{root}/sections/__init__.py": MARK + '"""One script a section."""\n',
    }
    for session in sessions:
        found[f"{root}/sections/{scripts[session.name]}.py"] = script(
            session,
            root=root,
            folder=folders.get(session.unit.section.page),
            seed=seed,
            titles=titles,
        )
    return found


def script_path(plan: Plan, name: SectionName) -> str:
    """Where the script of a section that has code goes, relative to the output folder."""
    return f"{plan.package.name.root}/sections/{_script_names(plan)[name]}.py"


def _script_names(plan: Plan) -> Mapping[SectionName, str]:
    return script_names((s.name, s.unit.section.number) for s in plan.sessions if s.chunks)
