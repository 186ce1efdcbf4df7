"""The interface of a real Jupyter server: what JupyterLab asks, in its order."""

from __future__ import annotations

from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import pytest

pytest.importorskip("jupyter_server", reason="tangle[notebook] is not installed: no jupyter_server")

from tests.graphs import Notes, new_graph
from tests.jupyter.serving import Server, serving

_PAGE = "- Words.\n- ```python\n  half = 0.5  # 100%\n  print(half)\n  ```\n"
_AT = "pages/Mein Heft.ipynb"


def test_a_page_is_listed_opened_saved_and_downloaded(tmp_path: Path) -> None:
    made = new_graph(tmp_path / "graph", {"Mein Heft": _PAGE}, book=False)
    with serving(made.root) as server:
        _saves(made, server)
        status, text = server.ask("GET", f"/files/{quote(_AT)}?download=1")
        assert (status, text["nbformat"]) == (200, 4)
        assert server.ask("GET", f"/files/{quote('pages/Mein Heft.md')}")[1].startswith("- Words.")
        assert server.ask("GET", "/files/pages/No.ipynb")[0] == 404
        assert server.ask("DELETE", f"/api/contents/{quote(_AT)}")[0] == 409
        for path in (f"/api/contents/{quote(_AT)}", f"/files/{quote(_AT)}"):
            connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
            connection.request("GET", path)  # without the token
            assert connection.getresponse().status in (302, 403)
            connection.close()
    assert sorted(path.name for path in made.root.iterdir()) == [".tangle", "logseq", "pages"]


def _saves(made: Notes, server: Server) -> None:
    listed = {each["name"]: each["type"] for each in server.contents("pages")["content"]}
    assert listed == {"Mein Heft.ipynb": "notebook", "Mein Heft.md": "file"}
    model = server.contents(_AT, content=1, hash=1)
    assert server.ask("POST", f"/api/contents/{quote(_AT)}/checkpoints")[0] == 201
    notebook = model["content"]
    cell = notebook["cells"][-1]
    for half in ("0.25", "0.125"):
        cell["source"] = f"half = {half}  # 100%\nprint(half)"
        cell["execution_count"] = 1
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": f"{half}\n"}]
        assert server.contents(_AT, content=0, hash=1)["hash"] == model["hash"]
        status, saved = server.put(_AT, notebook)
        assert (status, saved["content"]) == (200, None)
        page = made.text("Mein Heft")
        assert page.startswith(_PAGE.replace("0.5", half).removesuffix("\n"))
        assert f"\t  {half}\n" in page
    made.write("Mein Heft", made.text("Mein Heft").replace("half = 0.125", "half = 9"))
    cell["source"] = "half = 8  # 100%\nprint(half)"
    status, refused = server.put(_AT, notebook)
    assert status == 409
    assert "the notes have `half = 9  # 100%`" in refused["message"]
