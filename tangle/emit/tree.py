"""Plan to files: everything that `tangle build` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tangle.analyse import PackageName, Plan, Session
from tangle.emit.names import script_names
from tangle.emit.package import MARK, init, main, module
from tangle.emit.scripts import script
from tangle.model import PagePath, Section, SectionName


def files(plan: Plan, *, folders: Mapping[PagePath, str | None], seed: int) -> Mapping[str, str]:
    """Path and text of every generated file, relative to the output folder.

    Args:
        plan: what the notes come to.
        folders: for each page, its folder relative to the output folder, or None.
        seed: seed of the random generators in the section scripts.
    """
    name = plan.package.name
    sections = [
        Script(
            section=session.unit.section,
            text=section_script(
                session, name, folder=folders.get(session.unit.section.page), seed=seed
            ),
        )
        for session in plan.sessions
        if session.chunks
    ]
    return tree(name, module(plan.package).text, sections)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The script of a section."""

    section: Section
    text: str


def section_script(session: Session, name: PackageName, *, folder: str | None, seed: int) -> str:
    """The text of a session's script; for the arguments see `files`."""
    titles = {part.name: part.title for part in (session.unit.section, *session.unit.parts)}
    return script(session, root=name.root, folder=folder, seed=seed, titles=titles)


def tree(name: PackageName, module_text: str, scripts: Sequence[Script]) -> Mapping[str, str]:
    """Path and text of every generated file, of a package's module and the scripts, in order."""
    modules = script_names((entry.section.name, entry.section.number) for entry in scripts)
    rows = [(e.section.name, e.section.title, modules[e.section.name]) for e in scripts]
    root = name.root
    return {
        f"{root}/__init__.py": init(name),
        f"{root}/{name.module}.py": module_text,
        f"{root}/__main__.py": main(name, rows),
        f"{root}/sections/__init__.py": MARK + '"""One script a section."""\n',
        **{f"{root}/sections/{modules[e.section.name]}.py": e.text for e in scripts},
    }


def script_path(plan: Plan, name: SectionName) -> str:
    """Where the script of a section that has code goes, relative to the output folder."""
    return f"{plan.package.name.root}/sections/{_script_names(plan)[name]}.py"


def _script_names(plan: Plan) -> Mapping[SectionName, str]:
    return script_names((s.name, s.unit.section.number) for s in plan.sessions if s.chunks)
