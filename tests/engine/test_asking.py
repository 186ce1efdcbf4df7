"""What is put in the place of functions that are watched behaves like them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.engine.sessions import run, text

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the functions are those of Unix")

_LIKE = """\
import copy, inspect, os, pickle, posix, shutil, time, types
for function, name in ((os.stat, 'stat'), (os.urandom, 'urandom'), (time.time, 'time')):
    assert isinstance(function, types.BuiltinFunctionType) and inspect.isbuiltin(function)
    assert function.__name__ == name and repr(function).startswith('<built-in function')
    assert pickle.loads(pickle.dumps(function)) == function and copy.deepcopy(function) == function
assert os.stat in os.supports_dir_fd and os.stat in os.supports_follow_symlinks
assert os.stat == posix.stat and hash(os.stat) == hash(posix.stat) and os.stat != os.lstat
assert 'follow_symlinks' in inspect.signature(os.stat).parameters
class Timer:
    clock = time.time
assert Timer().clock() > 0
open('one', 'w').close()
shutil.copystat('one', shutil.copy('one', 'two'))
assert os.path.samefile('one', './one') and os.stat('one').st_size == os.stat(b'one').st_size == 0
fd = os.open('.', os.O_RDONLY)
os.close(os.open('one', os.O_RDONLY, dir_fd=fd))
assert os.stat('one', dir_fd=fd) and os.stat(fd)
os.close(fd)"""


NULL_IN_PATH = (
    "stat: embedded null character in path" if sys.version_info >= (3, 13) else "embedded null byte"
)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("os.stat('none')", "[Errno 2] No such file or directory: 'none'"),
        ("os.stat()", "stat() missing required argument 'path' (pos 1)"),
        ("os.stat('a\\0b')", NULL_IN_PATH),
        ("os.stat(1.5)", "stat: path should be string, bytes, os.PathLike or integer, not float"),
        ("os.access('.', mode=None)", "'NoneType' object cannot be interpreted as an integer"),
        ("os.readlink('.')", "[Errno 22] Invalid argument: '.'"),
        ("os.environ['MY_NONE']", "'MY_NONE'"),
    ],
)
def test_their_errors_are_the_same(tmp_path: Path, code: str, error: str) -> None:
    said = f"import os\ntry: {code}\nexcept Exception as error: print(error)"
    session = run(said, directory=str(tmp_path), watched=str(tmp_path))
    assert text(session.results[0]) == f"{error}\n"


def test_they_look_and_work_alike(tmp_path: Path) -> None:
    session = run(_LIKE, directory=str(tmp_path), watched=str(tmp_path))
    assert session.outcome == "passed", session.results[0].failure


def test_the_environment_is_as_ever(tmp_path: Path) -> None:
    code = (
        "import os\nos.environ['A_NEW'] = '1'\n"
        "assert os.environb[b'A_NEW'] == b'1' and 'A_NEW' in os.environ.copy()\n"
        "assert os.environ.pop('A_NEW') == '1' and 'A_NEW' not in os.environ\n"
        "assert sorted(os.environ) == sorted(dict(os.environ)) and len(os.environ) > 0"
    )
    session = run(code, directory=str(tmp_path), watched=str(tmp_path))
    assert session.outcome == "passed", session.results[0].failure
