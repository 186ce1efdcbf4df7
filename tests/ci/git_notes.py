"""A graph in a git repository, for tests that need git itself."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.graphs import Said, call

# No user's configuration, and no repository around the one that is meant.
_ENVIRONMENT = {
    **{name: text for name, text in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_NAME": "A" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "a@example.org" for who in ("AUTHOR", "COMMITTER")},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GitNotes:
    """A repository whose folder `project` holds a tangle.toml and a graph `notes`."""

    top: Path
    project: Path

    def write(self, path: str, text: str) -> None:
        """Write a file of the project."""
        target = self.project / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")

    def text(self, path: str) -> str:
        """The text of a file of the project."""
        return (self.project / path).read_bytes().decode()

    def git(self, *arguments: str, check: bool = True, **more: str) -> str:
        """Ask git; what it says."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.top,
            env=_ENVIRONMENT | more,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout + ("" if check else done.stderr)

    def commit(self, message: str = "x") -> str:
        """Commit everything; the commit's name."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message, "--allow-empty")
        return self.git("rev-parse", "HEAD").strip()

    def tangle(self, *arguments: str) -> Said:
        """Call `tangle` for the project."""
        return call("--config", str(self.project / "tangle.toml"), *arguments)

    def changed(self, revision: str = "HEAD") -> list[str]:
        """The sections that `tangle list --changed-since` names."""
        said = self.tangle("list", "--changed-since", revision, "--format", "json")
        assert said.code == 0, said.err
        return [row["number"] for row in json.loads(said.out)["sections"]]


def git_notes(folder: Path, pages: Mapping[str, str]) -> GitNotes:
    """A repository with a project, a book, in a subfolder, everything committed."""
    made = GitNotes(top=folder / "repo", project=folder / "repo" / "sub dir")
    made.write("tangle.toml", 'graph = "notes"\nbook = ["**"]\n')
    made.write("notes/logseq/config.edn", "{}")
    made.write(".gitignore", ".tangle/\n")
    for name, text in pages.items():
        made.write(f"notes/pages/{name}.md", text)
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit("first")
    return made
