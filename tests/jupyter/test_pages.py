"""Pages appear as notebooks, and what is saved goes into them by the merge of `tangle import`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from tornado.web import HTTPError

from tests.graphs import Notes, new_graph
from tests.jupyter.manager import manager_of, names, opened, stream, wait

PAGE = """\
- Words of the page.
- ```python
  half = 0.5
  print(half)
  ```
- See [[Other]] and more.
	- a point
- ```python
  whole = 2 * half
  print(whole)
  ```
- ```python
  print("alone")
  ```
"""
AT = "pages/Study.ipynb"
_SPLIT = """\
- # 1.1 Data
  - ```python
    a = 1
    ```
- # 1.2 More
  - ```python
    b = 2
    ```
"""


@pytest.fixture
def study(tmp_path: Path) -> Notes:
    """A page that is a unit, in a graph that is no book."""
    pages = {"Study": PAGE, "Other": "- Only words.\n"}
    return new_graph(tmp_path / "graph", pages, book=False)


def test_pages_with_code_appear_beside_their_files(study: Notes) -> None:
    (study.root / "pages" / "real.ipynb").write_text("{}", encoding="utf-8")
    manager = manager_of(study)
    assert names(manager, "pages") == ["Other.md", "Study.ipynb", "Study.md", "real.ipynb"]
    assert "Study.ipynb" not in names(manager, "")
    assert wait(manager.file_exists(AT))
    assert not wait(manager.file_exists("pages/Other.ipynb"))
    model = wait(manager.get(AT, require_hash=True))
    nbformat.validate(model["content"])
    assert model["writable"]
    assert model["hash"]


@pytest.mark.parametrize("start", ["", "pages"])
def test_a_section_of_a_book_is_a_notebook_and_keeps_its_name_when_the_title_changes(
    tmp_path: Path, start: str
) -> None:
    made = new_graph(tmp_path / "graph", {"a": _SPLIT})
    manager = manager_of(Notes(root=made.root / start))
    folder = "" if start else "pages"
    shown = [name for name in names(manager, folder) if name.endswith(".ipynb")]
    assert shown == ["1.1 Data.ipynb", "1.2 More.ipynb"]
    tab = opened(manager, f"{folder}/1.1 Data.ipynb")
    tab.edit("1.1 Data", "1.1 Numbers")
    tab.save()
    tab.edit("a = 1", "a = 3")
    tab.save()
    assert made.text("a") == _SPLIT.replace("Data", "Numbers").replace("a = 1", "a = 3")


def test_a_section_that_took_over_the_title_of_another_does_not_take_its_notebook(
    tmp_path: Path,
) -> None:
    pages = _SPLIT.replace("More", "Data")
    made = new_graph(tmp_path / "graph", {"a": pages})
    tab = opened(manager_of(made), "pages/1.1 Data.ipynb")
    for old, new in [("1.1 Data", "1.1 Numbers"), ("a = 1", "a = 3")]:
        tab.edit(old, new)
        tab.save()
    expected = pages.replace("1.1 Data", "1.1 Numbers").replace("a = 1", "a = 3")
    assert made.text("a") == expected


def test_saving_without_an_edit_changes_nothing(study: Notes) -> None:
    tab = opened(manager_of(study), AT)
    before = sorted(path for path in study.root.rglob("*") if ".tangle" not in path.parts)
    tab.content["metadata"]["language_info"]["version"] = "3.13"
    assert tab.save()["content"] is None
    assert study.text("Study") == PAGE
    assert sorted(path for path in study.root.rglob("*") if ".tangle" not in path.parts) == before


def test_one_save_after_the_other_brings_each_edit(study: Notes) -> None:
    tab = opened(manager_of(study), AT)
    page = PAGE
    for old, new in [("0.5", "0.25"), ("2 * half", "4 * half"), ("Words", "Text"), ("0.25", "1")]:
        tab.edit(old, new)
        tab.save()
        page = page.replace(old, new, 1)
        assert study.text("Study") == page


def test_a_new_cell_becomes_a_block_and_is_edited_like_any_other(study: Notes) -> None:
    tab = opened(manager_of(study), AT)
    at = tab.content["cells"].index(tab.cell("half = 0.5")) + 1
    tab.insert(at, "code", "third = 3")
    tab.insert(at + 1, "code", "")  # as JupyterLab leaves one behind the last that ran
    tab.save()
    block = "- ```python\n  third = 3\n  ```\n"
    page = PAGE.replace("- See", f"{block}- See")
    assert study.text("Study") == page
    tab.edit("third = 3", "third = 3\nprint(third)")
    tab.save()
    tab.save()
    assert study.text("Study") == page.replace("third = 3", "third = 3\n  print(third)")


def test_a_cell_that_was_emptied_stays_until_it_is_deleted(study: Notes) -> None:
    tab = opened(manager_of(study), AT)
    cell = tab.cell("whole = ")
    cell["source"] = ""
    for _ in range(2):
        tab.save()
        assert study.text("Study") == PAGE.replace("  whole = 2 * half\n  print(whole)\n", "\n")
    cell["source"] = "whole = 1"
    tab.save()
    assert study.text("Study") == PAGE.replace("2 * half\n  print(whole)\n", "1\n")
    tab.content["cells"].remove(cell)
    tab.save()
    assert "whole" not in study.text("Study")


def test_a_copy_of_a_cell_is_a_new_cell(study: Notes) -> None:
    tab = opened(manager_of(study), AT)
    cell = tab.cell('print("alone")')
    tab.content["cells"].append({**cell, "id": "pasted"})
    tab.save()
    assert study.text("Study") == PAGE + '- ```python\n  print("alone")\n  ```\n'


def test_cells_that_were_copied_from_another_page_do_not_take_the_notebook_there(
    study: Notes,
) -> None:
    other = "".join(
        f"- ```python\n  other = {n}\n  ```\n  id:: 6500000{n}-0000-4000-8000-000000000000\n"
        for n in range(3)
    )
    study.write("Source", other)
    manager = manager_of(study)
    copied = opened(manager, "pages/Source.ipynb").content["cells"][-3:]
    tab = opened(manager, AT)
    tab.content["cells"] += [{**cell, "id": f"copy-{n}"} for n, cell in enumerate(copied)]
    for old, new in [("0.5", "0.25"), ("0.25", "0.75")]:
        tab.edit(old, new)
        tab.save()
        assert f"half = {new}\n" in study.text("Study")
    assert study.text("Study").count("other = ") == 3
    assert study.text("Source") == other


def test_edits_of_the_page_meanwhile_are_merged_and_shown_as_a_change_on_disk(
    study: Notes,
) -> None:
    manager = manager_of(study)
    tab = opened(manager, AT)
    known = wait(manager.get(AT, content=False, require_hash=True))
    page = PAGE.replace("alone", "together").replace("a point", "points")
    study.write("Study", page)
    # Nothing asks the user to choose a side before the merge.
    assert wait(manager.get(AT, content=False, require_hash=True))["hash"] == known["hash"]
    tab.edit("0.5", "0.25")
    saved = tab.save()
    assert study.text("Study") == page.replace("0.5", "0.25")
    manager.grace = 0
    later = wait(manager.get(AT, content=False, require_hash=True))
    assert later["last_modified"] > saved["last_modified"]
    assert later["hash"] != known["hash"]
    # Read again, and all is one.
    again = opened(manager, AT)
    assert 'print("together")' in again.cell("together")["source"]
    assert again.known == later["last_modified"]
    # A program that keeps its old text does not undo what others changed.
    tab.edit("2 * half", "3 * half")
    tab.save()
    assert study.text("Study") == page.replace("0.5", "0.25").replace("2 * half", "3 * half")


def test_a_conflict_fails_the_save_and_loses_nothing(study: Notes) -> None:
    tab = opened(manager_of(study), AT)
    study.write("Study", PAGE.replace("half = 0.5", "half = 0.1  # 100%"))
    tab.edit("half = 0.5", "half = 0.2")
    tab.edit("2 * half", "3 * half")
    said = tab.refused()
    assert "pages/Study.md:2: the notes have `half = 0.1  # 100%`" in said
    assert "the notebook has `half = 0.2`" in said
    assert "Reload Notebook from Disk" in said
    both = PAGE.replace("half = 0.5", "half = 0.1  # 100%").replace("2 * half", "3 * half")
    assert study.text("Study") == both
    assert tab.refused() == said
    tab.edit("half = 0.2", "half = 0.1  # 100%")
    tab.save()
    assert study.text("Study") == both


def test_two_windows_do_not_undo_each_other(study: Notes) -> None:
    manager = manager_of(study)
    one, other = opened(manager, AT), opened(manager, AT)
    one.edit("half = 0.5", "half = 1")
    one.save()
    other.edit("alone", "both")
    other.save()
    one.edit("half = 1", "half = 4")
    one.save()
    page = PAGE.replace("half = 0.5", "half = 4").replace("alone", "both")
    assert study.text("Study") == page


def test_an_open_notebook_outlives_the_server(study: Notes) -> None:
    tab = opened(manager_of(study), AT)
    tab.edit("half = 0.5", "half = 1")
    tab.save()
    tab.manager = manager_of(study)
    tab.edit("half = 1", "half = 3")
    tab.save()
    assert study.text("Study") == PAGE.replace("half = 0.5", "half = 3")


def test_outputs_of_the_kernel_are_written_as_those_of_a_run(study: Notes) -> None:
    tab = opened(manager_of(study), AT)
    tab.edit("0.5", "0.25")
    tab.ran("half = 0.25", "whole =", 'print("alone")')
    tab.save()
    page = study.text("Study")
    assert page.count("tangle.output::") == 3
    assert "  print(half)\n  ```\n\t- tangle.output:: " in page
    assert study.tangle("check").err.endswith("3 stored outputs match the current code\n")
    tab.save()
    assert study.text("Study") == page


def test_a_notebook_that_is_opened_again_shows_the_outputs_and_saves_none(study: Notes) -> None:
    manager = manager_of(study)
    tab = opened(manager, AT)
    tab.ran("half =")
    tab.save()
    page = study.text("Study")
    again = opened(manager, AT)
    assert again.cell("half =")["outputs"] == [stream("1\n")]
    assert again.cell("half =")["execution_count"] is None
    again.cell("half =")["outputs"] = []
    again.save()
    assert study.text("Study") == page


@pytest.mark.parametrize(
    ("order", "written"),
    [
        (["half =", "whole ="], [0, 1]),
        (["whole =", "half ="], [0]),
        (["whole ="], []),
        (['print("alone")'], [2]),
        (["half =", 'print("alone")'], [0, 2]),
    ],
)
def test_outputs_are_written_where_what_the_cell_needs_was_run_before_it(
    study: Notes, order: list[str], written: list[int]
) -> None:
    tab = opened(manager_of(study), AT)
    tab.ran(*order)
    tab.save()
    shown = [part.count("tangle.output::") for part in study.text("Study").split("- ```python")]
    assert [at for at, count in enumerate(shown[1:]) if count] == written


def test_an_output_of_code_that_was_edited_since_is_not_written(study: Notes) -> None:
    tab = opened(manager_of(study), AT)
    tab.ran("half =")
    tab.save()
    tab.edit("half = 0.5", "half = 7")
    tab.save()
    checked = study.tangle("check")
    assert "this output is of older code" in checked.out + checked.err
    tab.ran("half =", first=2)
    tab.save()
    assert study.tangle("check").err.endswith("1 stored output matches the current code\n")


def test_what_the_kernel_was_not_seen_to_run_is_not_written(study: Notes) -> None:
    manager = manager_of(study)
    row = wait(manager.page_at(AT))
    assert row is not None
    tab = opened(manager, AT)
    tab.ran("half =")
    tab.edit("half = 0.5", "half = 7")
    row.save(tab.content, [{1: "half = 0.5\nprint(half)"}])
    assert "tangle.output" not in study.text("Study")
    row.save(tab.content, [{1: "half = 0.5\nprint(half)"}, {1: "half = 7\nprint(half)"}])
    assert "tangle.output" in study.text("Study")


def test_a_failure_of_the_kernel_is_one_of_the_chunk(study: Notes) -> None:
    tab = opened(manager_of(study), AT)
    tab.ran("half =")
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["x"]}
    tab.cell("half =")["outputs"] = [error]
    tab.save()
    assert "ValueError: no" in study.text("Study")
    assert "failed" in study.tangle("list").out


def test_figures_widgets_and_huge_texts_are_written_as_a_run_writes_them(study: Notes) -> None:
    pixel = (
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
        "rkJggg=="
    )
    tab = opened(manager_of(study), AT)
    tab.ran("half =", "whole =", 'print("alone")')
    data: dict[str, Any] = {"image/png": pixel, "text/plain": "<Figure>"}
    tab.cell("half =")["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "Slider"}
    tab.cell("whole =")["outputs"] = [
        {"output_type": "display_data", "data": widget, "metadata": {}}
    ]
    tab.cell('print("alone")')["outputs"] = [stream("long line\n" * 500_000)]
    tab.save()
    page = study.text("Study")
    assert len(page) < 4000
    assert "Slider" in page
    assert [path.suffix for path in sorted((study.root / "assets" / "tangle").iterdir())] == [
        ".png",
        ".txt",
    ]


def test_magics_raw_cells_and_cells_of_another_kernel_become_blocks(study: Notes) -> None:
    tab = opened(manager_of(study), AT)
    tab.insert(len(tab.content["cells"]), "code", "%matplotlib inline\n!ls", "magic")
    tab.insert(len(tab.content["cells"]), "raw", "<b>raw</b>", "raw")
    tab.save()
    page = (
        PAGE + "- ```python\n  %matplotlib inline\n  !ls\n  ```\n- ```text\n  <b>raw</b>\n  ```\n"
    )
    assert study.text("Study") == page
    tab.content["metadata"]["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R"}
    tab.content["metadata"]["language_info"] = {"name": "R"}
    tab.ran("half =")
    tab.insert(len(tab.content["cells"]) - 2, "code", "x <- 1", "rcell")
    tab.save()
    assert study.text("Study") == page.replace(
        "- ```python\n  %", "- ```r\n  x <- 1\n  ```\n- ```python\n  %"
    )


def test_a_notebook_is_not_saved_over_a_page_that_it_is_not_from(study: Notes) -> None:
    study.write("Third", "- ```python\n  third = 3\n  ```\n")
    manager = manager_of(study)
    tab = opened(manager, AT)
    tab.edit("0.5", "9")
    tab.path = "pages/Third.ipynb"
    assert "not opened from that page" in tab.refused()
    tab.content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")])
    assert "not opened from that page" in tab.refused()
    assert study.text("Third") == "- ```python\n  third = 3\n  ```\n"


@pytest.mark.parametrize(
    "content", [None, [], "{", {"cells": 1}, {"cells": [1], "nbformat": 4}, {"cells": []}]
)
def test_what_is_no_notebook_is_refused(study: Notes, content: Any) -> None:
    manager = manager_of(study)
    wait(manager.get(AT))
    for path in (AT, "pages/New.ipynb"):
        with pytest.raises(HTTPError) as caught:
            wait(manager.save({"type": "notebook", "content": content}, path))
        assert caught.value.status_code in (400, 409)
    assert sorted(path.name for path in (study.root / "pages").iterdir()) == [
        "Other.md",
        "Study.md",
    ]


def test_a_notebook_without_any_cell_of_its_page_is_refused(study: Notes) -> None:
    tab = opened(manager_of(study), AT)
    del tab.content["cells"][1:]
    said = tab.refused()
    assert said.startswith("Study.ipynb: none of the page's cells is in this notebook")
    assert "--page" not in said
    assert study.text("Study") == PAGE


def test_a_page_that_is_gone_is_not_made_again_by_a_save(study: Notes) -> None:
    tab = opened(manager_of(study), AT)
    study.page("Study").rename(study.page("Study of old"))
    tab.edit("0.5", "9")
    assert "its page is gone" in tab.refused()
    assert study.text("Study of old") == PAGE
    assert not study.page("Study").exists()


def test_a_new_notebook_among_the_pages_becomes_a_page(study: Notes) -> None:
    manager = manager_of(study)
    model = wait(manager.new_untitled("pages", type="notebook", ext=".ipynb"))
    assert model["path"] == "pages/Untitled.ipynb"
    tab = opened(manager, model["path"])
    tab.insert(len(tab.content["cells"]), "code", "x = 1\nprint(x)")
    tab.save()
    assert "- ```python\n  x = 1\n  print(x)\n  ```\n" in study.text("Untitled")
    # JupyterLab asks for a name at the first save.
    wait(manager.rename("pages/Untitled.ipynb", "pages/My study.ipynb"))
    tab.path = "pages/My study.ipynb"
    tab.edit("x = 1", "x = 2")
    tab.save()
    assert "x = 2" in study.text("My study")
    assert not study.page("Untitled").exists()
    copied = wait(manager.copy("pages/My study.ipynb"))
    assert copied["path"] == "pages/My study-Copy1.ipynb"
    assert "x = 2" in study.text("My study-Copy1")


def test_a_page_is_renamed_only_where_nothing_names_it(study: Notes) -> None:
    study.write("Names it", "- [[study]]\n")
    manager = manager_of(study)
    for new in ("pages/Else.ipynb", "Study.ipynb", "pages/Study.txt"):
        with pytest.raises(HTTPError) as caught:
            wait(manager.rename(AT, new))
        assert caught.value.status_code == 409
        assert "rename the page in Logseq" in str(caught.value.log_message)
    with pytest.raises(HTTPError) as caught:
        wait(manager.delete(AT))
    assert "delete the page" in str(caught.value.log_message)
    study.page("Names it").unlink()
    with pytest.raises(HTTPError):
        wait(manager.rename(AT, "pages/Other.ipynb"))
    assert study.text("Study") == PAGE
    wait(manager.rename(AT, "pages/Else.ipynb"))
    assert study.text("Else") == PAGE


def test_other_files_work_as_ever_and_checkpoints_stay_out_of_the_graph(study: Notes) -> None:
    manager = manager_of(study)
    model = {"type": "file", "format": "text", "content": "- changed\n"}
    wait(manager.create_checkpoint("pages/Other.md"))
    wait(manager.save(model, "pages/Other.md"))
    assert study.text("Other") == "- changed\n"
    (kept,) = wait(manager.list_checkpoints("pages/Other.md"))
    wait(manager.restore_checkpoint(kept["id"], "pages/Other.md"))
    assert study.text("Other") == "- Only words.\n"
    notebook = {"type": "notebook", "content": nbformat.v4.new_notebook(), "format": "json"}
    wait(manager.save(notebook, "real.ipynb"))
    assert (study.root / "real.ipynb").is_file()
    wait(manager.rename("real.ipynb", "really.ipynb"))
    wait(manager.delete("really.ipynb"))
    assert wait(manager.create_checkpoint(AT))["id"]
    assert wait(manager.list_checkpoints(AT)) == []
    with pytest.raises(HTTPError) as caught:
        wait(manager.restore_checkpoint("page", AT))
    assert "no checkpoints" in str(caught.value.log_message)
    assert not list(study.root.rglob(".ipynb_checkpoints"))
    assert study.text("Study") == PAGE


def test_a_page_beside_a_real_notebook_of_its_name_leaves_that_alone(study: Notes) -> None:
    manager = manager_of(study)
    real = study.root / AT
    text = nbformat.writes(nbformat.v4.new_notebook())
    real.write_text(text, encoding="utf-8")
    assert names(manager, "pages").count("Study.ipynb") == 1
    assert wait(manager.get(AT))["content"]["cells"] == []
    wait(manager.delete(AT))
    assert not real.exists()
    assert opened(manager, AT).cell("half =")


def test_pages_that_logseq_writes_itself_are_read_only(tmp_path: Path) -> None:
    pages = tmp_path / "mirror" / "markdown" / "pages"
    pages.mkdir(parents=True)
    (pages / "Study.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "tangle.toml").write_text('graph = "mirror/markdown"\n', encoding="utf-8")
    manager = manager_of(Notes(root=tmp_path))
    tab = opened(manager, f"mirror.tangle/{AT}")
    page = (tmp_path / "mirror.tangle" / "pages" / "Study.md").read_bytes()
    assert not wait(manager.get(tab.path, content=False))["writable"]
    tab.edit("0.5", "9")
    assert "Logseq writes these pages itself" in tab.refused()
    with pytest.raises(HTTPError) as caught:
        wait(manager.new_untitled("mirror.tangle/pages", type="notebook", ext=".ipynb"))
    assert caught.value.status_code == 409
    assert (tmp_path / "mirror.tangle" / "pages" / "Study.md").read_bytes() == page


def test_a_folder_without_a_graph_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "x.ipynb").write_text(nbformat.writes(nbformat.v4.new_notebook()))
    manager = manager_of(Notes(root=folder))
    assert names(manager, "") == ["x.ipynb"]
    assert wait(manager.get("x.ipynb"))["content"]["cells"] == []
    wait(manager.new_untitled("", type="notebook", ext=".ipynb"))
    assert names(manager, "") == ["Untitled.ipynb", "x.ipynb"]


def test_a_graph_below_the_folder_and_behind_a_link_is_found(tmp_path: Path) -> None:
    made = new_graph(tmp_path / "elsewhere" / "notes", {"Study": PAGE}, book=False)
    (tmp_path / "elsewhere" / "tangle.toml").write_text('graph = "notes"\n', encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    manager = manager_of(Notes(root=tmp_path / "link"))
    tab = opened(manager, f"notes/{AT}")
    tab.edit("0.5", "0.25")
    tab.save()
    assert made.text("Study") == PAGE.replace("0.5", "0.25")


def test_outputs_are_trusted_once_all_of_them_were(study: Notes) -> None:
    manager = manager_of(study)
    tab = opened(manager, AT)
    assert not tab.cell("half =")["metadata"].get("trusted")
    tab.ran("half =")
    for cell in tab.content["cells"]:
        if cell["cell_type"] == "code":
            cell["metadata"]["trusted"] = True
    tab.save()
    assert opened(manager, AT).cell("half =")["metadata"]["trusted"]
    study.write("Study", study.text("Study").replace("\t  1\n", "\t  <script>2</script>\n"))
    assert not opened(manager, AT).cell("half =")["metadata"].get("trusted")
