"""What an examination finds, and how long it waits for an answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Literal

from msgspec import Struct

from tangle.errors import TangleError

Status = Literal["ok", "absent", "warning", "error"]
"""`absent` is what works without; an `error` keeps tangle from doing what it is asked for."""


class Finding(Struct, frozen=True, kw_only=True):
    """One fact about the installation, the machine or the project.

    Attributes:
        area: what it belongs to: `packages`, `server`, ...
        name: of the thing, unique within its area.
        detail: what is there, or what is wrong.
        action: what to do about it; empty if there is nothing to do.
    """

    area: str
    name: str
    status: Status
    detail: str
    action: str = ""


class DoctorReport(Struct, frozen=True, kw_only=True):
    """All that an examination found, in order of areas."""

    findings: tuple[Finding, ...]

    @property
    def failed(self) -> bool:
        """Whether something that is needed is missing or broken."""
        return any(finding.status == "error" for finding in self.findings)


def within(
    seconds: float, area: str, probe: Callable[[], Iterable[Finding]]
) -> tuple[Finding, ...]:
    """Return the findings of a probe; if it fails or takes too long, a finding that says so.

    A probe that takes too long, such as one of a network folder that does not answer, is left
    behind in its thread. The thread ends with the process.

    Args:
        seconds: how many seconds to wait.
        area: of the findings.
        probe: what looks.
    """
    found: list[Finding] = []

    def look() -> None:
        try:
            found.extend(probe())
        except TangleError as error:
            found.append(Finding(area=area, name=area, status="error", detail=str(error)))
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            detail = f"{where}{error.strerror or error}"
            found.append(Finding(area=area, name=area, status="error", detail=detail))
        except Exception as error:  # noqa: BLE001 -- one that fails must not hide the others
            detail = f"this could not be examined: {type(error).__name__}: {error}"
            found.append(Finding(area=area, name=area, status="error", detail=detail))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(seconds)
    if not thread.is_alive():
        return tuple(found)
    late = Finding(
        area=area,
        name=area,
        status="warning",
        detail=f"no answer within {seconds:g} s",
        action="a disk, a network folder or a program does not respond: see what keeps it busy",
    )
    return (*tuple(found), late)
