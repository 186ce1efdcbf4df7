"""The notes shipped with the project: sound, current, and running."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tangle.model import PagePath
from tangle.parse import parse
from tests.graphs import call

ROOT = Path(__file__).resolve().parents[1]
NOTES = ROOT / "notes"
DATA = NOTES / "data" / "FashionMNIST" / "raw"

# Every name that the user's own notes call through `d2l.` in chapters 2 and 3, or use undefined.
API = [
    *("Accumulator", "Animator", "Timer", "accuracy", "evaluate_accuracy"),
    *("get_dataloader_workers", "get_fashion_mnist_labels", "linreg", "load_array"),
    *("load_data_fashion_mnist", "plot", "plt", "predict_ch3", "set_axes", "set_figsize", "sgd"),
    *("show_images", "squared_loss", "synthetic_data", "train_ch3", "train_epoch_ch3"),
    *("try_gpu", "use_svg_display"),
]


def notes(*arguments: str) -> tuple[int, str]:
    said = call("--config", str(ROOT / "tangle.toml"), *arguments)
    return said.code, said.out


def test_check_is_silent() -> None:
    assert notes("check") == (0, "")


def test_generated_files_are_what_the_notes_say() -> None:
    assert notes("build", "--check")[0] == 0


def test_every_section_has_code_and_fresh_outputs() -> None:
    rows = json.loads(notes("list", "--format", "json")[1])["sections"]
    numbers = [row["number"] for row in rows]
    chapters = {2: 7, 3: 7, 4: 10}
    assert numbers == [f"{c}.{part}" for c, last in chapters.items() for part in range(1, last + 1)]
    assert {row["state"] for row in rows} == {"fresh"}


def test_the_package_has_the_names_of_the_users_notes() -> None:
    d2l = importlib.import_module("d2l.torch")
    assert [name for name in API if not hasattr(d2l, name)] == []


@pytest.mark.parametrize("device", ["cpu", "auto", "cuda:9"])
def test_try_gpu_obeys_the_device_that_was_asked_for(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    d2l = importlib.import_module("d2l.torch")
    torch = importlib.import_module("torch")
    monkeypatch.setenv("TANGLE_DEVICE", device)
    best = "cuda" if torch.cuda.is_available() else "cpu"
    assert d2l.try_gpu().type == ("cpu" if device in ("cpu", "cuda:9") else best)


@pytest.mark.parametrize("arguments", [["d2l/sections/sec_3_2.py"], ["-m", "d2l", "3.2"]])
def test_linear_regression_learns_without_tangle(arguments: list[str], tmp_path: Path) -> None:
    blocker = tmp_path / "sitecustomize.py"
    blocker.write_text("import sys\nsys.modules['tangle'] = sys.modules['tangle_cli'] = None\n")
    generated = ROOT / "generated"
    if arguments[0] == "-m":
        folder = generated
    else:
        folder, arguments = Path("/"), [str(generated / arguments[0])]
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(tmp_path), "PATH": "", "MPLBACKEND": "agg", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = re.search(r"w is off by ([0-9.]+) at most, b by ([0-9.]+)", done.stdout)
    assert found is not None
    assert max(float(found[1]), float(found[2])) < 0.01


@pytest.mark.skipif(not DATA.is_dir(), reason="Fashion-MNIST is not there: `make demo` fetches it")
def test_softmax_regression_trains_on_all_images_and_writes_its_figures(tmp_path: Path) -> None:
    graph = tmp_path / "notes"
    shutil.copytree(NOTES, graph, ignore=shutil.ignore_patterns("data", "assets", ".tangle"))
    (graph / "data").symlink_to(NOTES / "data")
    said = call("--graph", str(graph), "run", "3.6", "--format", "json")
    assert said.code == 0, said.out
    (section,) = json.loads(said.out)["sections"]
    texts = [
        output["text"]
        for chunk in section["chunks"]
        for output in chunk["outputs"]
        if output["output_type"] == "stream"
    ]
    found = re.search(r"test acc ([0-9.]+)", "".join(texts))
    assert found is not None
    assert float(found[1]) > 0.8
    sections = [path.name.split("-")[0] for path in (graph / "assets" / "tangle").iterdir()]
    assert sorted(sections) == ["3.6.6", "3.6.7", "3.6.9"]


def test_ids_are_there_once_and_references_lead_somewhere() -> None:
    pages = {path: path.read_text(encoding="utf-8") for path in (NOTES / "pages").glob("*.md")}
    ids = [found for text in pages.values() for found in re.findall(r"id:: (\S+)", text)]
    references = {
        found for text in pages.values() for found in re.findall(r"\(\((\S{36})\)\)", text)
    }
    assert len(ids) == len(set(ids))
    assert references <= set(ids)
    assert references


def test_page_links_lead_to_pages() -> None:
    pages = [
        parse(path.read_bytes(), PagePath(path.name)) for path in (NOTES / "pages").glob("*.md")
    ]
    names = {page.path.removesuffix(".md") for page in pages}
    aliases = {
        alias.strip()
        for page in pages
        for block in page.blocks
        for entry in block.properties
        if entry.key == "alias"
        for alias in entry.value.split(",")
    }
    links = {link for page in pages for link in page.links}
    assert links - names - aliases == set()
    assert links
