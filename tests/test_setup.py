"""The scripts and files that set an environment up: real files, real processes, no network."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import fetch_fashion_mnist as fetch
import repair_torchvision as repair
from fetch_fashion_mnist import IdxFile, NoSourceWorked, Source, SourceFailed
from repair_torchvision import State
from tests.installing import NAME, needed

ROOT = Path(__file__).parents[1]

# --- Fashion-MNIST: what is there ----------------------------------------------------------------

IMAGES = IdxFile(name="images", shape=(3, 2, 2))
LABELS = IdxFile(name="labels", shape=(3,))
SMALL = (IMAGES, LABELS)


def whole(file: IdxFile) -> bytes:
    return file.header + bytes(file.size - len(file.header))


def put(folder: Path, files: tuple[IdxFile, ...] = SMALL) -> None:
    for file in files:
        (folder / file.name).write_bytes(whole(file))


def put_real_sizes(folder: Path) -> None:
    """Files that pass for the data set, though they are holes behind the headers."""
    folder.mkdir(parents=True)
    for file in fetch.FILES:
        with (folder / file.name).open("wb") as stream:
            stream.write(file.header)
            stream.truncate(file.size)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_real_files_have_the_sizes_and_headers_that_are_published() -> None:
    assert {file.name: file.size for file in fetch.FILES} == {
        "train-images-idx3-ubyte": 47040016,
        "train-labels-idx1-ubyte": 60008,
        "t10k-images-idx3-ubyte": 7840016,
        "t10k-labels-idx1-ubyte": 10008,
    }
    assert fetch.FILES[0].header.hex(" ", 4) == "00000803 0000ea60 0000001c 0000001c"
    assert fetch.FILES[3].header.hex(" ", 4) == "00000801 00002710"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(whole(LABELS), "", id="whole"),
        pytest.param(None, "labels is missing", id="missing"),
        pytest.param(b"", "labels has 0 bytes, not 11", id="empty"),
        pytest.param(whole(LABELS)[:-1], "labels has 10 bytes, not 11", id="cut short"),
        pytest.param(whole(LABELS) + b"\0", "labels has 12 bytes, not 11", id="too long"),
        pytest.param(
            bytes(11), "labels does not begin as an idx file of shape (3,)", id="lost its header"
        ),
    ],
)
def test_fault(tmp_path: Path, content: bytes | None, expected: str) -> None:
    path = tmp_path / "labels"
    if content is not None:
        path.write_bytes(content)
    assert fetch.fault(path, LABELS) == expected


def test_faults_names_every_file_that_is_not_whole(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    assert fetch.faults(tmp_path, SMALL) == ("images is missing", "labels is missing")
    (tmp_path / "labels").rmdir()
    put(tmp_path)
    assert fetch.faults(tmp_path, SMALL) == ()


# --- Fashion-MNIST: where it comes from ----------------------------------------------------------


def gives_all(into: Path) -> None:
    put(into)
    (into / "readme").write_text("not asked for")


def gives_half(into: Path) -> None:
    put(into, (IMAGES,))
    (into / "labels").write_bytes(b"half")


def refuses(into: Path) -> None:
    put(into, (IMAGES,))
    message = "no network"
    raise SourceFailed(message)


def finds_the_disk_full(into: Path) -> None:
    message = f"no space in a folder of {len(names(into))} files"
    raise OSError(message)


def source(function: Callable[[Path], None]) -> Source:
    return Source(name=function.__name__, fetch=function)


def test_fill_takes_the_first_source_that_works_and_leaves_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "data" / "raw"
    sources = [source(each) for each in (refuses, gives_half, finds_the_disk_full, gives_all)]
    assert fetch.fill(target, sources, SMALL) == "gives_all"
    assert names(target) == ["images", "labels"]
    assert names(target.parent) == ["raw"]


def test_fill_asks_no_source_after_the_one_that_worked(tmp_path: Path) -> None:
    asked: list[Path] = []
    fetch.fill(tmp_path / "raw", [source(gives_all), source(asked.append)], SMALL)
    assert asked == []


def test_fill_without_a_source_that_works_says_why_and_what_to_do(tmp_path: Path) -> None:
    target = tmp_path / "raw"
    target.mkdir()
    (target / "images").write_bytes(whole(IMAGES))
    (target / "labels").write_bytes(b"mine")
    sources = [source(each) for each in (refuses, gives_half, finds_the_disk_full)]
    with pytest.raises(NoSourceWorked) as caught:
        fetch.fill(target, sources, SMALL)
    assert str(caught.value) == (
        f"{target}: Fashion-MNIST is not there, and no source gave it:\n"
        "  refuses: no network\n"
        "  gives_half: labels has 4 bytes, not 11\n"
        "  finds_the_disk_full: no space in a folder of 0 files\n"
        "Put these files there, as they are or with their .gz, and run this again:\n"
        "  images  (28 bytes)\n"
        "  labels  (11 bytes)"
    )
    assert names(tmp_path) == ["raw"]
    assert (target / "labels").read_bytes() == b"mine"


def test_unpack_takes_packed_files(tmp_path: Path) -> None:
    packed, into = tmp_path / "packed", tmp_path / "into"
    packed.mkdir()
    into.mkdir()
    for file in SMALL:
        (packed / f"{file.name}.gz").write_bytes(gzip.compress(whole(file)))
    fetch.unpack(packed, into, SMALL)
    assert fetch.faults(into, SMALL) == ()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(None, r"labels\.gz is missing", id="missing"),
        pytest.param(b"<html>not found</html>", r"labels\.gz is damaged: Not a gz", id="no gzip"),
        pytest.param(gzip.compress(b"x" * 99)[:-9], r"labels\.gz is damaged: Comp", id="cut short"),
        pytest.param(
            gzip.compress(os.urandom(99))[:40] + bytes(70), r"labels\.gz is damaged", id="garbled"
        ),
    ],
)
def test_unpack_refuses_damaged_files(tmp_path: Path, content: bytes | None, expected: str) -> None:
    if content is not None:
        (tmp_path / "labels.gz").write_bytes(content)
    with pytest.raises(SourceFailed, match=expected):
        fetch.unpack(tmp_path, tmp_path, (LABELS,))


# --- Fashion-MNIST: Debian's package and torchvision, with stand-ins for their programs -----------

DOWNLOAD = "touch dataset-fashion-mnist_1_all.deb"
NO_INDEX = "echo 'E: Unable to locate package' >&2; exit 100"

APT_GET = """#!/bin/sh
echo "$1" >> {log}
case $1 in
update) {update};;
download) if [ {needs_index} = yes ] && [ ! -e {log}.index ]; then {no_index}; fi; {download};;
esac
"""

DPKG = """#!/bin/sh
[ "$1" = -x ] && [ -f "$2" ] || { echo "no such archive: $2" >&2; exit 2; }
folder=$3/usr/share/datasets/fashion-mnist
mkdir -p "$folder"
for name in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
    echo "$name" | gzip > "$folder/$name-ubyte.gz"
done
"""


def program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("needs_index", "update", "download", "calls", "failure"),
    [
        pytest.param("no", "exit 9", DOWNLOAD, ["download"], "", id="index serves"),
        pytest.param(
            "yes", "touch $0.log.index", DOWNLOAD, ["download", "update", "download"], "",
            id="index is renewed",
        ),
        pytest.param(
            "yes", "echo 'E: are you root?' >&2; exit 100", DOWNLOAD, ["download", "update"],
            "apt-get: E: are you root?", id="index may not be renewed",
        ),
        pytest.param(
            "yes", "true", DOWNLOAD, ["download", "update", "download"],
            "apt-get: E: Unable to locate package", id="package unknown",
        ),
        pytest.param(
            "no", "true", "true", ["download"], "apt-get downloaded no package", id="nothing came"
        ),
        pytest.param(
            "no", "true", "exit 7", ["download", "update", "download"],
            "apt-get: exit status 7", id="silent failure",
        ),
    ],
)  # fmt: skip
def test_debian_package(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    needs_index: str,
    update: str,
    download: str,
    calls: list[str],
    failure: str,
) -> None:
    programs, into = tmp_path / "bin", tmp_path / "into"
    into.mkdir()
    log = programs / "apt-get.log"
    text = APT_GET.format(
        log=log, needs_index=needs_index, update=update, no_index=NO_INDEX, download=download
    )
    program(programs / "apt-get", text)
    program(programs / "dpkg", DPKG)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    # As the set-up calls it: the folder relative to the current one.
    monkeypatch.chdir(tmp_path)
    if failure:
        with pytest.raises(SourceFailed, match=re.escape(failure)):
            fetch.fetch_debian_package(Path("into"))
        assert names(into) == []
    else:
        fetch.fetch_debian_package(Path("into"))
        assert names(into) == sorted(file.name for file in fetch.FILES)
    assert log.read_text().split() == calls


FAKE_DOWNLOAD = """
from pathlib import Path
class datasets:
    def FashionMNIST(root, download):
        raw = Path(root, "FashionMNIST", "raw")
        raw.mkdir(parents=True)
        Path(raw, "labels").write_bytes(b"%d" % download)
"""


@pytest.mark.parametrize(
    ("torchvision", "failure"),
    [
        pytest.param(FAKE_DOWNLOAD, "", id="downloads"),
        pytest.param("raise OSError('no network')", "OSError: no network", id="no network"),
    ],
)
def test_download_with_torchvision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, torchvision: str, failure: str
) -> None:
    (tmp_path / "torchvision.py").write_text(torchvision)
    (tmp_path / "into").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    if failure:
        with pytest.raises(SourceFailed, match=failure):
            fetch.download_with_torchvision(Path("into"))
    else:
        fetch.download_with_torchvision(Path("into"))
        assert (tmp_path / "into" / "labels").read_bytes() == b"1"


def test_a_command_that_takes_too_long_is_a_failed_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "TIME_LIMIT", 0.2)
    with pytest.raises(SourceFailed, match="sleep did not end within"):
        fetch.run(["sleep", "60"], tmp_path)


def script(
    name: str, folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """One of the scripts of tools/, as set-up runs it, in `folder`."""
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / name)],
        capture_output=True, check=False, cwd=folder, encoding="utf-8", env=environment,
    )  # fmt: skip


def test_fetching_is_done_at_once_and_quietly_where_the_data_is(tmp_path: Path) -> None:
    put_real_sizes(tmp_path / fetch.TARGET)
    done = script("fetch_fashion_mnist.py", tmp_path, {"PATH": ""})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_fetching_unpacks_what_a_person_put_there(tmp_path: Path) -> None:
    target = tmp_path / fetch.TARGET
    target.mkdir(parents=True)
    for file in fetch.FILES:
        with gzip.open(target / f"{file.name}.gz", "wb", compresslevel=1) as stream:
            stream.write(whole(file))
    done = script("fetch_fashion_mnist.py", tmp_path, {"PATH": ""})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{fetch.TARGET}: Fashion-MNIST from packed files in the folder\n"
    assert fetch.faults(target) == ()


def test_fetching_fails_with_every_reason_where_no_source_works(tmp_path: Path) -> None:
    put_real_sizes(tmp_path / fetch.TARGET)
    os.truncate(tmp_path / fetch.TARGET / fetch.FILES[0].name, 1000)
    (tmp_path / "torchvision.py").write_text("raise OSError('no network')")
    done = script("fetch_fashion_mnist.py", tmp_path, {"PATH": "", "PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stdout) == (1, "")
    assert "  packed files in the folder: train-images-idx3-ubyte.gz is missing\n" in done.stderr
    assert "there is no apt-get here\n" in done.stderr
    assert "OSError: no network\n" in done.stderr
    assert "  train-images-idx3-ubyte  (47040016 bytes)\n" in done.stderr
    assert names(tmp_path / fetch.TARGET.parent) == ["raw"]


# --- torchvision beside a torch that it was not built for ----------------------------------------

TORCH = """
class Declared:
    pass
class ops:
    torchvision = Declared()
class library:
    class Library:
        def __init__(self, namespace, kind):
            assert (namespace, kind) == ("torchvision", "FRAGMENT")
            self.names = []
        def define(self, schema):
            name = schema.partition("(")[0]
            assert not hasattr(ops.torchvision, name), "declared twice"
            setattr(ops.torchvision, name, schema)
            self.names.append(name)
        def __del__(self):
            for name in self.names:
                delattr(ops.torchvision, name)
"""
"""Does with declarations what torch does: none twice, and gone with their library."""

TORCHVISION = {
    "__init__.py": "import torch\nfrom . import extension, _meta_registrations\n",
    "extension.py": """
import torch
from . import build
if build.FITS:
    torch.ops.torchvision.nms = torch.ops.torchvision.qnms = "compiled"
""",
    "_meta_registrations.py": """
import torch
from . import build
for name in build.NEEDS:
    if not hasattr(torch.ops.torchvision, name):
        raise RuntimeError(f"operator torchvision::{name} does not exist")
""",
}

FITTING = "FITS = True\nNEEDS = ['nms', 'qnms']"
MISMATCHED = "FITS = False\nNEEDS = ['nms', 'qnms']"
BEYOND_REPAIR = "FITS = False\nNEEDS = ['nms', 'roi_align']"
BROKEN = "raise OSError('libjpeg.so.8: cannot open shared object file')"


class Environment:
    """A virtual environment that holds a stand-in for torch and one for torchvision."""

    def __init__(self, folder: Path, *, build: str) -> None:
        venv.create(folder, symlinks=True, with_pip=False)
        self.python = str(folder / "bin" / "python")
        self.site = next((folder / "lib").glob("python3*/site-packages"))
        (self.site / "torch.py").write_text(TORCH)
        (self.site / "torchvision").mkdir()
        for name, text in TORCHVISION.items():
            (self.site / "torchvision" / name).write_text(text)
        self.rebuild(build)

    def rebuild(self, build: str) -> None:
        """Make torchvision's compiled part another one."""
        (self.site / "torchvision" / "build.py").write_text(build)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What the environment's interpreter does with `arguments`."""
        return subprocess.run(
            [self.python, "-B", *arguments],
            capture_output=True, check=False, encoding="utf-8", env={},
        )  # fmt: skip

    def repair(self) -> tuple[int, str]:
        """Exit status and words of the repairing script."""
        done = self.run(str(ROOT / "tools" / "repair_torchvision.py"))
        return done.returncode, done.stdout + done.stderr

    def repaired(self) -> bool:
        """Whether any file of the repair is there."""
        return any("repair" in path.name for path in self.site.iterdir())


INSTALLED = (
    "torchvision was built for another torch: repair installed "
    "(its Python parts work; nms and the like do not)\n"
)
IN_PLACE = "torchvision was built for another torch: repair in place\n"


def test_repair_is_installed_once_brought_up_to_date_and_removed_in_its_time(
    tmp_path: Path,
) -> None:
    environment = Environment(tmp_path, build=MISMATCHED)
    assert environment.repair() == (0, INSTALLED)
    assert environment.repair() == (0, IN_PLACE)
    (environment.site / "torchvision_repair.py").write_text("def activate(): pass  # an older one")
    assert environment.repair() == (0, INSTALLED)
    assert environment.run("-c", "import torchvision").returncode == 0
    environment.rebuild(FITTING)
    assert environment.repair() == (0, "torchvision fits torch: repair removed\n")
    assert not environment.repaired()
    assert environment.repair() == (0, "torchvision fits torch\n")


@pytest.mark.parametrize(
    ("build", "said"),
    [
        pytest.param(BROKEN, "libjpeg.so.8: cannot open", id="another fault"),
        pytest.param(BEYOND_REPAIR, "operator torchvision::roi_align does not", id="more missing"),
    ],
)
def test_repair_says_where_it_cannot_help_and_leaves_nothing(
    tmp_path: Path, build: str, said: str
) -> None:
    environment = Environment(tmp_path, build=build)
    status, words = environment.repair()
    assert status == 1
    assert said in words
    assert not environment.repaired()


def test_repair_leaves_an_environment_without_torchvision_alone(tmp_path: Path) -> None:
    environment = Environment(tmp_path, build=MISMATCHED)
    shutil.rmtree(environment.site / "torchvision")
    assert environment.repair() == (0, "torchvision is not installed: nothing to repair\n")
    assert not environment.repaired()


def test_repair_refuses_a_python_that_is_not_a_virtual_environments(tmp_path: Path) -> None:
    base = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
    done = subprocess.run(
        [base, "-B", ROOT / "tools" / "repair_torchvision.py"],
        capture_output=True, check=False, cwd=tmp_path, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 2
    assert "not a virtual environment" in done.stderr


IMPORT_TWICE = """
import sys, importlib, gc
import torchvision
gc.collect()
importlib.reload(torchvision)
for name in [name for name in sys.modules if name.startswith("torchvision.")]:
    del sys.modules[name]
importlib.reload(torchvision)
import torch
print(torch.ops.torchvision.nms)
"""


@pytest.mark.parametrize(
    ("build", "nms"),
    [
        pytest.param(FITTING, "compiled", id="fits: untouched"),
        pytest.param(
            MISMATCHED,
            "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
            id="mismatched: declared",
        ),
    ],
)
def test_the_repair_acts_where_the_operators_are_missing_and_stays(
    tmp_path: Path, build: str, nms: str
) -> None:
    environment = Environment(tmp_path, build=build)
    repair.install(environment.site)
    done = environment.run("-c", IMPORT_TWICE)
    assert (done.stdout, done.stderr) == (f"{nms}\n", "")


def test_the_repair_costs_the_start_of_the_interpreter_one_module(tmp_path: Path) -> None:
    environment = Environment(tmp_path, build=MISMATCHED)
    code = "import sys; print(*sorted(sys.modules))"
    before = environment.run("-c", code).stdout.split()
    repair.install(environment.site)
    after = environment.run("-c", code).stdout.split()
    assert sorted({*after} - {*before}) == ["torchvision_repair"]


def test_the_repair_is_activated_once(tmp_path: Path) -> None:
    environment = Environment(tmp_path, build=MISMATCHED)
    repair.install(environment.site)
    code = (
        "import importlib, sys, torchvision_repair as repair; repair.activate();"
        "importlib.reload(repair).activate();"
        "print([type(each).__name__ for each in sys.meta_path].count('Finder'))"
    )
    assert environment.run("-c", code).stdout == "1\n"


def test_the_repair_leaves_the_message_of_a_missing_torch(tmp_path: Path) -> None:
    environment = Environment(tmp_path, build=MISMATCHED)
    repair.install(environment.site)
    (environment.site / "torch.py").unlink()
    done = environment.run("-c", "import torchvision")
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'torch'\n")


@pytest.mark.parametrize(
    ("exit_status", "last_line", "state"),
    [
        (0, "", State.WORKS),
        (0, "a warning", State.WORKS),
        (1, "ModuleNotFoundError: No module named 'torchvision'", State.ABSENT),
        (1, "ModuleNotFoundError: No module named 'torch'", State.BROKEN),
        (1, "ModuleNotFoundError: No module named 'torchvision.transforms'", State.BROKEN),
        (1, "RuntimeError: operator torchvision::nms does not exist", State.MISMATCHED),
        (1, "RuntimeError: operator torchvision::nms is odd", State.BROKEN),
        (-11, "", State.BROKEN),
    ],
)
def test_classify(exit_status: int, last_line: str, state: State) -> None:
    assert repair.classify(exit_status, last_line) is state


def test_a_replaced_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "there"
    assert repair.replace_if_different(path, b"new")
    assert not repair.replace_if_different(path, b"new")
    path.unlink()
    path.mkdir()
    with pytest.raises(OSError, match="there"):
        repair.replace_if_different(path, b"new")
    assert names(tmp_path) == ["there"]


@pytest.mark.skipif(
    importlib.util.find_spec("torchvision") is None, reason="needs the extra `notes`"
)
def test_the_real_torchvision_works_here() -> None:
    code = """
import torch, torchvision
assert torch.ops.torchvision.nms.default and torch.ops.torchvision.qnms.default
to_tensor = torchvision.transforms.ToTensor()
print(torchvision.datasets.FakeData(size=1, image_size=(1, 2, 3), transform=to_tensor)[0][0].shape)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, encoding="utf-8"
    )
    assert (done.stdout, done.stderr) == ("torch.Size([1, 2, 3])\n", "")


# --- pyproject.toml, constraints.txt, Makefile, .ci/run -------------------------------------------


def pins() -> dict[str, Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split("\n")
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(each.name): each for each in requirements}


def test_constraints_pin_exact_versions_that_any_machine_can_have() -> None:
    for pin in pins().values():
        assert re.fullmatch(r"==[0-9][0-9a-z.]*", str(pin.specifier)), pin
        assert pin.url is None, pin


def test_every_dependency_is_pinned_within_its_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    for text in [*project["dependencies"], *(text for extra in extras for text in extra)]:
        wanted = Requirement(text)
        if wanted.name == project["name"]:  # its own extras
            continue
        version = next(iter(pins()[canonicalize_name(wanted.name)].specifier)).version
        assert wanted.specifier.contains(version), text


def test_nothing_is_pinned_that_set_up_does_not_install() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    every = ",".join(extras["optional-dependencies"])
    installed = {canonicalize_name(each.name) for each in needed([f"{NAME}[{every}]"])}
    assert pins().keys() - installed == set()


OLD_PYTHON = """#!/bin/sh
exec {python} -c 'import sys; sys.version_info = (3, 10, 2); exec(sys.argv[2])' "$@"
"""


@pytest.mark.parametrize(
    ("python", "said"),
    [
        pytest.param("no-python-here", "There is no no-python-here here.", id="none"),
        pytest.param("./old-python", "is Python 3.10, and tangle needs 3.11 or newer", id="old"),
    ],
)
def test_make_says_what_python_it_needs(tmp_path: Path, python: str, said: str) -> None:
    for name in ("Makefile", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    program(tmp_path / "old-python", OLD_PYTHON.format(python=sys.executable))
    done = subprocess.run(
        ["make", "demo", f"PYTHON={python}"],
        capture_output=True, check=False, cwd=tmp_path, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode != 0
    assert said in done.stderr
    assert "make PYTHON=/path/to/python3" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_another_python_gets_an_environment_of_its_own(tmp_path: Path) -> None:
    for name in ("Makefile", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for folder in ("tools/mldoc", "tools/axe", "editors/vscode"):
        ignore = shutil.ignore_patterns("node_modules", "dist")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    (tmp_path / "logseq-plugin").mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "logseq-plugin" / name, tmp_path / "logseq-plugin")
    done = subprocess.run(
        ["make", "--dry-run", "test-python", f"PYTHON={sys.executable}"],
        capture_output=True, check=True, cwd=tmp_path, encoding="utf-8",
    )  # fmt: skip
    folder = f".venv-{platform.python_version()}"
    assert f'"{sys.executable}" -m venv {folder}\n' in done.stdout
    assert f"{folder}/bin/python -m pytest" in done.stdout
    there = ["Makefile", "constraints.txt", "editors", "logseq-plugin", "pyproject.toml", "tools"]
    assert names(tmp_path) == there


NPM_CASES = [
    pytest.param({}, "There is no node and npm here", False, id="no node"),
    pytest.param({"node": "true"}, "There is no node and npm here", False, id="no npm"),
    pytest.param(
        {"node": "true", "npm": "echo ENOTFOUND >&2; exit 1"},
        "npm could not fetch mldoc: the tests against Logseq's own parser will be skipped",
        False,
        id="no network",
    ),
    pytest.param(
        {"node": "true", "npm": 'ls "$3"; mkdir "$3/node_modules"'}, "package-lock.json", True,
        id="fetched",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("programs", "said", "there"), NPM_CASES)
def test_make_installs_mldoc_where_it_can(
    tmp_path: Path, programs: Mapping[str, str], said: str, there: bool
) -> None:
    for name in ("Makefile", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "tools" / "mldoc", tmp_path / "tools" / "mldoc")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / ".installed").touch()
    here = tmp_path / "bin"
    for name, text in programs.items():
        program(here / name, f"#!/bin/sh\n{text}\n")
    here.mkdir(exist_ok=True)
    for name in ("sh", "mkdir", "cp", "touch", "ls", "make"):
        (here / name).symlink_to(str(shutil.which(name)))
    done = subprocess.run(
        ["make", "mldoc"],
        capture_output=True, check=False, cwd=tmp_path, encoding="utf-8",
        env={**os.environ, "PATH": str(here)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert (tmp_path / ".venv" / "mldoc" / ".installed").exists() == there


def test_the_mldoc_that_is_compared_is_the_one_of_logseq() -> None:
    lock = json.loads((ROOT / "tools" / "mldoc" / "package-lock.json").read_text("utf-8"))
    assert lock["packages"]["node_modules/mldoc"]["version"] == "1.5.7"
    assert all("integrity" in package for path, package in lock["packages"].items() if path)


PLANTED = [
    pytest.param("model", "tangle.verbs", "A module of tangle imports only", id="upwards"),
    pytest.param("emit", "tangle.engine", "A module of tangle imports only", id="sideways"),
    pytest.param("analyse", "click", "Only the command line knows click", id="click"),
    pytest.param("verbs", "tangle_cli", "The command line sits on", id="the command line"),
    pytest.param("store", "subprocess", "Only the engine starts", id="a process"),
    pytest.param("pytest_plugin", "tangle.store", "Files are read and written", id="the store"),
    pytest.param("stray", "tangle.model", "A module of tangle imports only", id="no layer"),
]


@pytest.mark.parametrize(("module", "imported", "contract"), PLANTED)
def test_the_import_contracts_see(
    tmp_path: Path, module: str, imported: str, contract: str
) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for folder in ("tangle", "cli"):
        ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    package = tmp_path / "tangle" / module / "__init__.py"
    path = package if package.exists() else tmp_path / "tangle" / f"{module}.py"
    with path.open("a", encoding="utf-8") as stream:
        stream.write(f"\nimport {imported}\n")
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        capture_output=True, check=False, cwd=tmp_path, encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "cli"), "COLUMNS": "200"},
    )  # fmt: skip
    broken = [line for line in done.stdout.split("\n") if "BROKEN" in line]
    assert [line for line in broken if line.startswith(contract)], done.stdout


CI_CASES = [
    pytest.param("true", "true", 0, id="all well"),
    pytest.param("false", "true", 2, id="tests fail"),
    pytest.param("true", "false", 2, id="gates fail"),
    pytest.param("echo more >> tracked", "true", 1, id="tests alter a file"),
    pytest.param("true", "rm tracked", 1, id="gates remove a file"),
    pytest.param("touch stray", "true", 1, id="tests leave a file"),
    pytest.param("touch ignored", "true", 0, id="tests leave an ignored file"),
    pytest.param("cat; true", "true", 0, id="tests read standard input"),
]


@pytest.mark.parametrize(("test", "check", "status"), CI_CASES)
def test_ci_run(tmp_path: Path, test: str, check: str, status: int) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    (tmp_path / "Makefile").write_text(f"test:\n\t{test}\ncheck:\n\t{check}\n")
    (tmp_path / "tracked").write_text("text\n")
    (tmp_path / ".gitignore").write_text("ignored\n")
    for command in (["git", "init", "--quiet"], ["git", "add", "."]):
        subprocess.run(command, check=True, cwd=tmp_path)
    (tmp_path / "tracked").write_text("work in progress\n")
    with (tmp_path / "tracked").open() as terminal:
        done = subprocess.run(
            [tmp_path / ".ci" / "run"], stdin=terminal,
            capture_output=True, check=False, cwd="/", encoding="utf-8", timeout=60,
        )  # fmt: skip
    assert done.returncode == status, done.stderr
    assert "work in progress" not in done.stdout
