"""Examine the machine: other programs, fonts and GPUs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Final

from msgspec import Struct

from tangle.engine.gpus import VISIBLE, visible_gpus
from tangle.engine.tool import ask_tools, find_tool
from tangle.store import accelerators
from tangle.typed_json import DamagedDocument, decode
from tangle.verbs.doctor.findings import Finding, Status, within
from tangle.verbs.doctor.installation import install_command
from tangle.verbs.weave.assets import wide_font

_SECONDS_FOR_TORCH: Final = 60.0
"""Importing torch from a cold disk takes half a minute on some machines."""

_PROGRAMS: Final = {
    "git": ("needed for --changed-since and tangle merge-driver", "install git"),
    "node": ("needed to build the Logseq plugin and the VS Code extension", "install Node.js"),
    "npm": ("needed to build the Logseq plugin and the VS Code extension", "install npm"),
}
"""Programs that some commands need: what for, and the way out."""

_RENDERERS: Final = {
    "altair": ("vl_convert", "vl-convert-python"),
    "plotly": ("kaleido", "kaleido"),
}
"""The module that draws a picture of a library's figures, and the package that provides it."""

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_QUESTION: Final = """\
import json, torch
has = torch.cuda.is_available()
names = [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())] if has else []
mps = torch.backends.mps.is_available()
built = str(torch.version.cuda or torch.version.hip or "")
print()
print(json.dumps({"version": str(torch.__version__), "built": built, "names": names, "mps": mps}))
"""
"""Asked in a separate process: importing torch takes long, and may end a process."""


class TorchAnswer(Struct, frozen=True, kw_only=True):
    """What torch says of the machine.

    Attributes:
        built: the release of CUDA or ROCm that it was built for; empty for none.
        names: of the GPUs that it can use.
        mps: whether it can use Apple's.
    """

    version: str
    built: str
    names: tuple[str, ...]
    mps: bool


def programs(seconds: float) -> Iterator[Finding]:
    """Yield a finding for each program that some commands need.

    Args:
        seconds: that each may take to name its version.
    """
    answers = ask_tools(dict.fromkeys(_PROGRAMS, ("--version",)), seconds)
    for name, (purpose, way) in _PROGRAMS.items():
        answer = answers[name]
        status: Status = "absent"
        detail, action = purpose, way
        if answer.text is not None:
            version = answer.text.strip().partition("\n")[0].removeprefix(f"{name} version ")
            status, detail, action = "ok", f"{version}, {answer.path}", ""
        elif answer.path:
            status = "warning"
            detail = f"{answer.path} fails, or does not answer within {seconds:g} s"
            action = f"see what `{name} --version` says"
        yield Finding(area="programs", name=name, status=status, detail=detail, action=action)


def figures() -> Iterator[Finding]:
    """Yield what figures need besides the library that draws them."""
    path = wide_font()
    yield Finding(
        area="figures",
        name="cjk font",
        status="ok" if path else "absent",
        detail=path or "no font with Chinese, Japanese and Korean letters, for titles in figures",
        action="" if path else "install fonts-noto-cjk or fonts-wqy-zenhei (Debian, Ubuntu)",
    )
    yield from (_renderer(library) for library in _RENDERERS if find_spec(library) is not None)


def _renderer(library: str) -> Finding:
    """Whether figures of an interactive library have a picture beside their page."""
    module, package = _RENDERERS[library]
    status: Status = "ok"
    detail, action = f"pictures by {package}", ""
    if find_spec(module) is None:
        status, detail = "absent", f"figures of {library} are linked pages, without a picture"
        action = install_command(package)
    elif module == "kaleido" and not any(map(find_tool, _BROWSERS)):
        status, detail = "absent", "kaleido needs Chrome or Chromium to draw a picture"
        action = "install chromium"
    return Finding(area="figures", name=library, status=status, detail=detail, action=action)


def gpus() -> Iterator[Finding]:
    """Yield the GPUs that sections may use. Torch is asked in a separate process."""
    seen = within(1.0, "gpu", _device_files)
    yield from seen
    if sys.platform != "darwin" and not any(each.status == "ok" for each in seen):
        return
    if find_spec("torch") is None:
        detail = "torch, through which sections use a GPU, is not installed"
        yield Finding(area="gpu", name="torch", status="absent", detail=detail)
        return
    yield torch_finding()


def _device_files() -> Iterator[Finding]:
    nodes = accelerators()
    named = os.environ.get(VISIBLE)
    usable = visible_gpus(named, nodes)
    status: Status = "ok" if usable else "absent"
    detail = ", ".join(nodes) if nodes else "no device file; sections run on the CPU"
    action = ""
    if nodes and not usable:
        detail = f"{detail}; {VISIBLE}={named} hides all of them"
        action = f"unset {VISIBLE} to use them"
    yield Finding(area="gpu", name="devices", status=status, detail=detail, action=action)


def torch_finding() -> Finding:
    """Return what torch makes of the GPUs that are there."""
    # -P: no torch.py of the current folder is imported instead.
    question = {sys.executable: ("-P", "-c", _QUESTION)}
    answer = ask_tools(question, _SECONDS_FOR_TORCH)[sys.executable]
    last = (answer.text or "").strip().rpartition("\n")[2]
    try:
        found = decode(last.encode(), TorchAnswer)
    except DamagedDocument:
        detail = f"importing torch fails, or takes more than {_SECONDS_FOR_TORCH:g} s"
        action = "python -c 'import torch' shows why"
        return Finding(area="gpu", name="torch", status="warning", detail=detail, action=action)
    names = (*found.names, *(("mps",) if found.mps else ()))
    if names:
        detail = f"torch {found.version} uses {', '.join(names)}"
        return Finding(area="gpu", name="torch", status="ok", detail=detail)
    built = f"is built for {found.built}" if found.built else "is built without CUDA"
    return Finding(
        area="gpu",
        name="torch",
        status="warning",
        detail=f"torch {found.version} {built} and sees no GPU",
        action="install the driver, or the build of torch that fits it: pytorch.org lists them",
    )
