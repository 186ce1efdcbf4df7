"""Which device the code is to use, and which it has used."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from tangle.engine.wire import Usage
from tangle.engine.worker.after_import import AfterImport

_VARIABLE = "TANGLE_DEVICE"
_NVML_CHECK = "PYTORCH_NVML_BASED_CUDA_CHECK"
_STATUS_BYTES = 8192
_ASKED = re.compile(r"cpu|mps|cuda(:\d+)?")

_open = open  # the session's code may take the name away


class DeviceUnavailable(RuntimeError):
    """The device that was asked for is not there."""


def choose_device(asked: str, imports: tuple[str, ...], after: AfterImport) -> None:
    """Sets `TANGLE_DEVICE` to what `asked` comes to; `auto` is the best there is.

    torch is imported only where the code will import it anyway and an accelerator may be there;
    otherwise the answer is made sure when the code does import it.

    Raises:
        DeviceUnavailable: the device is not there; the message says what is.
    """
    if asked != "auto" and not _ASKED.fullmatch(asked):
        raise DeviceUnavailable(f"no device is called {asked!r}: auto, cpu, cuda, cuda:N or mps")
    maybe = _may_have() if asked != "cpu" else None
    if maybe is not None and find_spec("torch") is None:
        maybe = None
    if asked == "cpu" or (asked == "auto" and maybe is None):
        os.environ[_VARIABLE] = "cpu"
        return
    if maybe is None or not asked.startswith((maybe, "auto")):
        raise DeviceUnavailable(f"{asked} was asked for, and there is only {maybe or 'cpu'}")
    os.environ[_VARIABLE] = maybe if asked == "auto" else asked
    if "torch" in imports or "torchvision" in imports:
        import torch

        _settle(asked, torch)
    else:
        after.add("torch", lambda torch: _settle(asked, torch))


def measure_use() -> Usage:
    """The device that torch has memory of, how much at most, and the process's own peak."""
    device, memory = "cpu", 0
    with contextlib.suppress(Exception):  # torch may be half imported, or replaced by the notes
        device, memory = _torch_use()
    return Usage(device=device, device_memory=memory, peak_memory=_peak_memory())


def _may_have() -> str | None:
    """The accelerator that may be there, without asking torch."""
    if sys.platform == "darwin":
        return "mps"
    nodes = any(Path("/dev").glob("nvidia[0-9]*"))
    return "cuda" if nodes or Path("/dev/dxg").exists() or Path("/dev/kfd").exists() else None


def _settle(asked: str, torch: ModuleType) -> None:
    there = _devices(torch)
    if asked == "auto":
        os.environ[_VARIABLE] = there[0].partition(":")[0]
    elif asked not in there and f"{asked}:0" not in there:
        names = ", ".join(there)
        raise DeviceUnavailable(f"{asked} was asked for, and there is only {names}")


def _devices(torch: Any) -> list[str]:
    """The devices that torch can use, the best first."""
    there: list[str] = []
    before = os.environ.get(_NVML_CHECK)
    os.environ[_NVML_CHECK] = "1"  # asks without starting CUDA, which would forbid forks
    try:
        if torch.cuda.is_available():
            there += [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    finally:
        if before is None:
            del os.environ[_NVML_CHECK]
    if sys.platform == "darwin" and torch.backends.mps.is_available():
        there.append("mps")
    return [*there, "cpu"]


def _torch_use() -> tuple[str, int]:
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return "cpu", 0
    if torch.cuda.is_initialized():
        numbers = range(torch.cuda.device_count())
        peaks = [(torch.cuda.max_memory_allocated(number), -number) for number in numbers]
        memory, number = max(peaks, default=(0, 0))
        if memory > 0:
            return f"cuda:{-number}", memory
    if sys.platform == "darwin" and torch.backends.mps.is_available():
        memory = torch.mps.driver_allocated_memory()
        if memory > 0:
            return "mps", memory
    return "cpu", 0


def _peak_memory() -> int:
    """Bytes; on Linux not from `getrusage`, which still counts what stood there before `exec`."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        with _open("/proc/self/status", "rb", buffering=0) as file:
            status = file.read(_STATUS_BYTES)
        return int(status.split(b"VmHWM:")[1].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
