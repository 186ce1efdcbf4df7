"""Report imports that no installed package provides on this machine."""

from __future__ import annotations

import difflib
import importlib.util
import os
import shlex
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from tangle.analyse import WantedModule
from tangle.model import Problem
from tangle.model.problems.code import MISSING_IMPORT
from tangle.store import Environment, environments_beside
from tangle.verbs.notes import Notes
from tangle.verbs.project import Project

_OWN_DISTRIBUTION: Final = "logseq-tangle"
_DISTRIBUTIONS: Final = {
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "fitz": "pymupdf",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Distributions that are not called as their modules are."""

_OFTEN_MEANT: Final = (
    *("numpy", "pandas", "torch", "torchvision", "matplotlib", "scipy", "sklearn", "seaborn"),
    *("requests", "tqdm", "PIL", "IPython"),
)
_KNOWN: Final = frozenset(
    {
        *(*_DISTRIBUTIONS, *_OFTEN_MEANT),
        *("altair", "astropy", "bokeh", "dask", "datasets", "django", "fastapi", "flask", "gensim"),
        *("geopandas", "gym", "gymnasium", "h5py", "httpx", "imageio", "jax", "joblib", "keras"),
        *("langchain", "librosa", "lightgbm", "lxml", "networkx", "nltk", "numba", "openai"),
        *("openpyxl", "plotly", "polars", "psutil", "pyarrow", "pydantic", "pygame", "pymongo"),
        *("pytest", "redis", "rich", "scrapy", "selenium", "spacy", "sqlalchemy", "statsmodels"),
        *("streamlit", "sympy", "tensorflow", "torchaudio", "transformers", "xarray", "xgboost"),
    }
)
"""Packages that `pip install` finds by what is said of them here; of others it is not advised."""


def missing_imports(notes: Notes, wanted: Iterable[WantedModule]) -> Iterator[Problem]:
    """Yield a problem for each module that is neither installed nor where the code runs.

    Args:
        notes: the notes; the package that they save into, or mean to, counts as installed.
        wanted: the imported modules, with their places.
    """
    is_beside = cache(_is_beside)
    known = ("__main__", *([notes.named_project.package.root] if notes.has_package else []))
    for module in wanted:
        folder = notes.project.graph / module.folder
        own = module.name in known or is_beside(folder, module.name)
        if not own and not _is_installed(module.name):
            other = _environment_with(notes.project, module.name)
            message = f"no installed package provides {module.name}"
            hint = _way_out(module.name)
            if other is not None:
                name = _name(notes.project, other)
                message = (
                    f"the environment that runs tangle has no {module.name}; "
                    f"this graph's is {name}: run it from there"
                )
                hint = _run_from(other, name, module)
            yield MISSING_IMPORT.at(module.place, message, section=module.section, hint=hint)


def _environment_with(project: Project, module: str) -> Environment | None:
    """The environment beside the notes that has a module."""
    beside = environments_beside((project.root, project.graph, project.graph.parent))
    return next((found for found in beside if found.has(module)), None)


def _name(project: Project, environment: Environment) -> str:
    """The folder of an environment, as messages name it."""
    return os.path.relpath(environment.folder, project.root)


def _run_from(environment: Environment, name: str, module: WantedModule) -> str:
    """The command that runs tangle in an environment, or puts it there."""
    programs = f"{name}/{environment.programs.name}"
    if any((environment.programs / program).exists() for program in ("tangle", "tangle.exe")):
        section = f" {shlex.quote(module.section)}" if module.section else " --all"
        return f"this graph's environment has it: {programs}/tangle run{section}"
    return (
        f"this graph's environment has it, but not tangle: {programs}/python -m pip install "
        f"{_OWN_DISTRIBUTION}, then {programs}/tangle"
    )


def _is_beside(folder: Path, name: str) -> bool:
    return (folder / f"{name}.py").is_file() or (folder / name).is_dir()


@cache
def _is_installed(name: str) -> bool:
    if name in sys.builtin_module_names or name in sys.stdlib_module_names:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # a module that is there without a spec
        return name in sys.modules


@cache
def _way_out(name: str) -> str:
    known = name in _KNOWN
    install = f"pip install {_DISTRIBUTIONS.get(name, name)}, with the Python that runs tangle"
    way = install if known else f"install what provides it, or put {name}.py beside the page"
    near = difflib.get_close_matches(name, _OFTEN_MEANT, n=1, cutoff=0.8)
    near = near or difflib.get_close_matches(name, sys.stdlib_module_names, n=1, cutoff=0.85)
    if near and not known:
        return f"did you mean {near[0]}? else {way}"
    return way
