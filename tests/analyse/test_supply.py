"""Imports that the notes leave out: which are supplied, and where they go."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tangle.emit import module
from tangle.link import GraphConfig
from tangle.model import PagePath
from tangle.notes import Plan, core_of
from tests.analyse.plans import NAME, digests, fence, prelude, sections
from tests.analyse.readers import Reader
from tests.link.graphs import pages

INSTALLED: Mapping[str, str] = {
    "numpy": "def array(x): ...\ndef __getattr__(name): ...\n",
    "pandas": "class DataFrame: ...\n",
    "torch": "from torch import nn\ndef tensor(x): ...\nfrom torch._tensors import *\n",
    "torch._tensors": "__all__ = ['zeros']\ndef zeros(n): ...\ndef hidden(): ...\n",
    "torch.nn": "class Linear: ...\n",
    "torch.nn.functional": "def relu(x): ...\n",
    "torch.random": "def seed(): ...\n",
    "torch.utils": "",
    "torch.utils.data": "class DataLoader: ...\nclass TensorDataset: ...\n",
    "torchvision": "",
    "torchvision.transforms": "from .transforms import *\n",
    "torchvision.transforms.transforms": "class ToTensor: ...\n",
    "widget": "def turn(): ...\n",
    "widget.gears": "def mesh(): ...\n",
    "scipy": "",
    "scipy.signal": "def butter(): ...\n",
}
"""Modules that stand for the installed ones, by name."""


def supplied(notes: str, installed: Mapping[str, str] = INSTALLED, *, supply: bool = True) -> Plan:
    """The plan of a graph in an environment."""
    data = {PagePath(path): text.encode() for path, text in pages(notes).items()}
    core = core_of(data, GraphConfig(), NAME, book=("**",))
    core.install(Reader(installed), "some", supply=supply)
    return Plan(core)


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("math.cos(0)", ["import math"]),
        ("print(os.path.join('a', 'b'), json)", ["import json", "import os"]),
        ("np.array([1])", ["import numpy as np"]),
        ("nn.Linear(2, 1)\nF.relu(1)", ["import torch.nn.functional as F", "from torch import nn"]),
        ("torch.zeros(2)", ["import torch"]),
        ("def f(x: Optional[List[int]]):\n    return defaultdict(list), Path(x)", None),
        ("@dataclass\nclass A:\n    a: list = field(default_factory=list)", None),
        ("datetime.now()", ["from datetime import datetime"]),
        ("datetime.date(2020, 1, 1)", ["import datetime"]),
        ("import torchvision\ntransforms.ToTensor()", ["from torchvision import transforms"]),
        ("data.DataLoader(1)", ["from torch.utils import data"]),
        ("import widget\ngears.mesh()", ["from widget import gears"]),
        ("widget.turn()", ["import widget"]),
        ("widget.gears.mesh()", ["import widget", "import widget.gears"]),
        ("import torch\nrandom.randint(0, 3)", ["import random"]),
        ("import scipy\nsignal.butter()", ["from scipy import signal"]),
        ("print(math.pi)\nimport math", ["import math"]),
    ],
)
def test_an_import_that_everybody_forgets_is_supplied(code: str, lines: list[str] | None) -> None:
    found = supplied(sections(code))
    assert not found.problems
    if lines is not None:
        assert sorted(prelude(found, "1.1")) == sorted(lines)


@pytest.mark.parametrize(
    "code",
    [
        "df.head()",
        "self.x = 1",
        "x + 1",
        "data.columns",  # most likely a table of the reader's
        "F * 2",
        "print(string)",
        "string.split(',')",
        "array.shape",
        "queue.append(1)",
        "widget.unknown()",
        "import torch\nmodel.fit(1)",
        "print(math.pi)\nmath = 3",
        "import math\ndel math\nmath.pi",
    ],
)
def test_what_may_mean_anything_is_not_supplied(code: str) -> None:
    found = supplied(sections(code))
    assert [problem.code for problem in found.problems] == ["undefined-name"]
    assert not prelude(found, "1.1")


def test_nothing_is_supplied_where_it_is_switched_off_or_not_installed() -> None:
    off = supplied(sections("np.array(1)"), supply=False)
    without = supplied(sections("np.array(1)"), {})
    for found in (off, without):
        (problem,) = found.problems
        assert (problem.code, problem.hint) == (
            "undefined-name",
            "add the line: import numpy as np",
        )


def test_borrowing_comes_first() -> None:
    found = supplied(sections("import numpy as np\nnp.array(1)", "np.array(2)"))
    (entry,) = next(s for s in found.sessions if s.name == "1.2").prelude
    assert (entry.kind, entry.section) == ("import", "1.1")


def test_what_a_borrowed_statement_lacks_is_supplied_before_it() -> None:
    found = supplied(sections("def area(r):\n    return math.pi * r", "area(2)"))
    assert prelude(found, "1.2") == ["import math", "def area(r):\n    return math.pi * r"]
    assert not found.problems


def test_a_page_without_numbers_gets_them_too_and_no_hint_names_another_page() -> None:
    cosine = fence("math.cos(0)", "") + fence("df.head()", "")
    other = fence("import math\ndf = [math.pi]", "")
    found = supplied(f"=== Cosine\n{cosine}=== Other\n{other}")
    (problem,) = found.problems
    assert problem.hint == "no section defines it: define or import it above this line"
    assert prelude(found, "Cosine") == ["import math"]


def test_saved_code_gets_the_import() -> None:
    code = "def load(x):  #@save\n    return data.DataLoader(transforms.ToTensor()(x))"
    found = supplied(sections("import torchvision\n" + code))
    text = module(found.package).text
    assert "from torch.utils import data\nfrom torchvision import transforms\n" in text
    assert not found.problems


def test_a_name_of_the_package_may_be_used_bare() -> None:
    found = supplied(sections("area(2)", "def area(r):  #@save\n    return r"))
    assert not found.problems
    assert prelude(found, "1.1") == ["from d2l.torch import area"]


def test_an_installed_module_of_the_packages_name_lies_below() -> None:
    installed = {**INSTALLED, "d2l": "", "d2l.torch": "class Animator: ...\ndef plot(x): ...\n"}
    code = "from d2l import torch as d2l\nd2l.plot(1)\nAnimator()\nd2l.nothing"
    found = supplied(sections(code), installed)
    assert [problem.code for problem in found.problems] == ["unsaved-name"]
    assert prelude(found, "1.1") == ["from d2l.torch import Animator"]
    saved = supplied(sections("def train():  #@save\n    return Animator()"), installed)
    assert "from d2l._installed.torch import Animator\n" in module(saved.package).text
    assert "__getattr__ = _installed.fallback(__name__)\n" in module(saved.package).text


def test_supplied_imports_are_part_of_the_digest() -> None:
    text = sections("np.array(1)")
    assert digests(supplied(text)) != digests(supplied(text, {}))


def test_an_install_or_a_removal_changes_the_answer() -> None:
    data = {PagePath(p): t.encode() for p, t in pages(sections("np.array(1)")).items()}
    core = core_of(data, GraphConfig(), NAME, book=("**",))
    core.install(Reader({}), "without", supply=True)
    assert Plan(core).problems
    core.install(Reader(INSTALLED), "with", supply=True)
    assert not Plan(core).problems
    core.install(Reader({}), "without", supply=True)
    assert Plan(core).problems
