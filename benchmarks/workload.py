"""The workload of `benchmarks.run`: sections of eight cells, as notes, scripts and notebooks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CELLS = 8

_IMPORTS = """\
import time

import torch
from torch import nn
from matplotlib import pyplot as plt"""
_DATA = """\
torch.manual_seed({number})
X = torch.randn(200, 2)
w = torch.tensor([[2.0], [-3.4]])
y = X @ w + 0.01 * torch.randn(200, 1)
X.shape, y.shape"""
_MATHS = """\
print("mean", float(X.mean()), "of section {number}")
(X.T @ X / len(X)).round(decimals=3)"""
_MODEL = """\
net = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
loss = nn.MSELoss()
net"""
_FIGURE = """\
plt.figure(figsize=(3, 2))
plt.plot(X[:50, 0].numpy(), y[:50, 0].numpy(), ".")
plt.title("section {number}")
plt.show()"""
_TRAINING = """\
optimizer = torch.optim.SGD(net.parameters(), lr=0.03)
losses = []
until = time.perf_counter() + 0.05
while time.perf_counter() < until:
    value = loss(net(X), y)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    losses.append(float(value.detach()))
print("trained:", losses[-1] < losses[0])"""
_CHECK = """\
with torch.no_grad():
    error = float((net(X) - y).abs().mean())
print("error below 10:", error < 10)"""
LAST = 'print("section {number} done, edition {edition}")'
"""The last cell, which the benchmark edits."""


def cells(number: int, edition: int = 0) -> tuple[str, ...]:
    """The code of a section's cells: the imports, a figure, a training loop of 50 ms, ..."""
    texts = (_IMPORTS, _DATA, _MATHS, _MODEL, _FIGURE, _TRAINING, _CHECK, LAST)
    return tuple(text.format(number=number, edition=edition) for text in texts)


def write_notes(folder: Path, numbers: Sequence[int], edition: int = 0) -> None:
    """Write a graph with a page a section."""
    (folder / "logseq").mkdir(parents=True, exist_ok=True)
    (folder / "logseq" / "config.edn").write_text("{}\n")
    (folder / "tangle.toml").write_text('book = ["**"]\n')
    (folder / "pages").mkdir(exist_ok=True)
    for number in numbers:
        blocks = [f"- ## 1.{number}. Section {number}\n"]
        for code in cells(number, edition):
            lines = "".join(f"\t  {line}\n" if line else "\n" for line in code.split("\n"))
            blocks.append(f"\t- ```python\n{lines}\t  ```\n")
        page = folder / "pages" / f"Section {number}.md"
        page.write_text("".join(blocks))


def write_trivial_notes(folder: Path, sections: int, chunks: int) -> None:
    """Write a graph of sections whose chunks do next to nothing."""
    write_notes(folder, [])
    for number in range(1, sections + 1):
        blocks = "".join(f"\t- ```python\n\t  x = {at}\n\t  ```\n" for at in range(chunks))
        page = folder / "pages" / f"Section {number}.md"
        page.write_text(f"- ## 1.{number}. Section {number}\n{blocks}")


def edit_notes(folder: Path, number: int, edition: int) -> None:
    """Edit the last cell of a section; its outputs stay where they stand."""
    page = folder / "pages" / f"Section {number}.md"
    before = LAST.partition("{edition}")[0].format(number=number)
    head, found, rest = page.read_text().partition(before)
    if not found:
        raise ValueError(f"{page}: the last cell is not there")
    page.write_text(f"{head}{before}{edition}{rest[rest.index(chr(34)) :]}")


def write_scripts(folder: Path, numbers: Sequence[int], edition: int = 0) -> None:
    """Write a bare Python script a section."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        code = "\n\n".join(cells(number, edition))
        backend = "import matplotlib\nmatplotlib.use('agg')\n\n"
        (folder / f"section_{number:02}.py").write_text(f"{backend}{code}\n")


def write_notebooks(folder: Path, numbers: Sequence[int], edition: int = 0) -> None:
    """Write a notebook a section, without outputs."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        path = folder / f"section_{number:02}.ipynb"
        found = [code_cell(index, code) for index, code in enumerate(cells(number, edition))]
        path.write_text(notebook(found))


def notebook(found: Sequence[Mapping[str, Any]]) -> str:
    """The text of a notebook that holds cells."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    document = {
        "cells": found,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, indent=1) + "\n"


def code_cell(index: int, code: str, tags: Sequence[str] = ()) -> Mapping[str, Any]:
    """A cell of a notebook, without outputs."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": f"cell-{index}",
        "metadata": {"tags": tags} if tags else {},
        "outputs": [],
        "source": code.splitlines(keepends=True),
    }


def write_marimo(folder: Path, numbers: Sequence[int], edition: int = 0) -> None:
    """Write a marimo notebook a section; every cell hands all its names on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        parts = ["import marimo\n\napp = marimo.App()\n"]
        for code in cells(number, edition):
            body = "".join(f"    {line}\n" if line else "\n" for line in code.split("\n"))
            parts.append(f"\n\n@app.cell\ndef _():\n{body}    return\n")
        parts.append('\n\nif __name__ == "__main__":\n    app.run()\n')
        (folder / f"section_{number:02}.py").write_text("".join(parts))
