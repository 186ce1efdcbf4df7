"""Find GPUs and the sessions that want one, without asking a framework."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

from tangle.model import Job

VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
"""The variable that tells CUDA which GPUs there are for a process."""

GpuWish = int | Literal["any", "none"]
"""Which GPU a session wants for itself: the one of a number, any, or none."""

_NODE = re.compile(r"/dev/nvidia[0-9]+")
_OTHER_NODES = frozenset({"/dev/dxg", "/dev/kfd"})
_USES_GPUS = frozenset({"torch", "torchvision"})


def visible_gpus(variable: str | None, nodes: Iterable[str]) -> tuple[str, ...]:
    """The GPUs that sessions may use, each as `CUDA_VISIBLE_DEVICES` names it.

    Those that the user names in that variable, up to the first that is none, as CUDA reads it; else
    all that the machine shows. One that has no number, as on Windows' Linux or with AMD's driver,
    is called "": it is shared out, but cannot be named to a process.

    Args:
        variable: what `CUDA_VISIBLE_DEVICES` says; None where it is not set.
        nodes: device files of accelerators.
    """
    found = sorted(set(nodes))
    if not found:
        return ()
    if variable is not None:
        return _named(variable)
    count = sum(_NODE.fullmatch(node) is not None for node in found)
    if count:
        return tuple(str(number) for number in range(count))
    return ("",) if _OTHER_NODES.intersection(found) else ()


def _named(variable: str) -> tuple[str, ...]:
    names: list[str] = []
    for part in (text.strip() for text in variable.split(",")):
        if not part or part.startswith("-") or part in names:
            break
        names.append(part)
    return tuple(names)


def gpu_wish(job: Job, used: str | None) -> GpuWish:
    """Return which GPU a session wants for itself.

    If the device is `auto`, its last run decides; code that has not run yet may use a GPU if it
    imports torch.

    Args:
        job: of the session.
        used: the device of its last run; None if it never ran in this form.
    """
    kind, _, number = job.device.partition(":")
    if kind == "cuda":
        return int(number) if number.isdecimal() else "any"
    if kind != "auto":
        return "none"
    may_use = bool(_USES_GPUS.intersection(job.imports)) if used is None else used != "cpu"
    return "any" if may_use else "none"
