"""What forks of a session tell it."""

from __future__ import annotations

import os
import sys

import pytest

from tangle.engine.tracking.fork_log import Forks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has files in memory")


@pytest.fixture(autouse=True)
def executor() -> None:
    """Stands in for the folder's: no session is run here."""


def test_forks_that_tell_at_once_are_all_heard() -> None:
    forks, each, children = Forks(), 400, []
    for number in range(8):
        pid = os.fork()
        if pid == 0:
            for line in range(each):
                forks.tell(number, line)
            os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)
    assert sorted(forks.news()) == [[n, line] for n in range(8) for line in range(each)]
