"""The language of what the command line prints; data is the same in all of them."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import problems_doc
from tangle.engine.session_end import skip_of_rest
from tangle.model import Cell, Job, PagePath, Place, SectionName
from tangle.model.session import Skip
from tangle.verbs import doctor
from tangle_cli.catalogue import read_catalogue
from tangle_cli.columns import display_width
from tangle_cli.help import paragraphs, wrapped
from tangle_cli.main import cli
from tangle_cli.messages import _, language
from tangle_cli.recognition import Recognizer
from tests.graphs import MakeNotes, Notes, call

CHINESE = "zh_CN"
LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")

ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
QUOTED = re.compile(
    r"`[^`]*`|'[^']*'|\([^)]*\)|\[[^]]*\]|<<.*>>|--[a-z-]+"
    r"|class A|#@save replace|import c?math as m"
)

PAGES = {
    "book": (
        "- ## 3.1. Data\n"
        "\t- ```python\n\t  rows = [1, 2]\n\t  print(rows)\n\t  ```\n"
        "\t- ```python\n\t  def total(xs):  #@save\n\t      return sum(xs)\n\t  ```\n"
        "- ## 3.2. Fit\n"
        "\t- ```python\n\t  y = rows[9]\n\t  ```\n"
        "\t- ```python\n\t  print(y)\n\t  ```\n"
        "\t- ```python\n\t  for i in rows\n\t      print(i)\n\t  ```\n"
    ),
    "no problems": "- tangle.rnu:: no\n- ```python\n  print('up to date')\n  ```\n",
    "talks": "- ```python\n  print('no problems')\n  print('a: up to date')\n  ```\n",
}
"""Code that passes and fails, and titles and outputs that read like messages."""


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line speaks Chinese."""
    monkeypatch.setenv("TANGLE_LANG", CHINESE)


@pytest.fixture
def graph(notes: MakeNotes) -> Notes:
    """A graph with `PAGES`."""
    made: Notes = notes(PAGES)
    return made


# --- the language --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "locale"),
    [
        ({}, ""),
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "de_DE@euro"}, "de_DE"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, ""),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh_CN"),
        ({"LANG": "en_GB.UTF-8"}, ""),
        ({"LANG": "zh_CN", "TANGLE_LANG": "en"}, ""),
        ({"LANG": "zh_CN", "TANGLE_LANG": "C"}, ""),
        ({"LANG": "en_US", "TANGLE_LANG": "zh"}, "zh_CN"),
        ({"TANGLE_LANG": "zh-Hans-CN"}, "zh_CN"),
        ({"TANGLE_LANG": "zh-hans"}, "zh_CN"),
        ({"TANGLE_LANG": "zh_SG"}, "zh_CN"),
        ({"TANGLE_LANG": "zh_TW"}, "zh_TW"),
    ],
)
def test_the_environment_names_the_language(
    variables: dict[str, str], locale: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TANGLE_LANG", *LOCALE):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language() == locale


@pytest.mark.parametrize(
    "value", ["xx_YY", "zh_TW", "../../etc", "zh_CN/../x", "\u4e2d\u6587", "."]
)
def test_an_unknown_language_is_english(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANGLE_LANG", value)
    said = call("--help")
    assert (said.code, said.err) == (0, "")
    assert "Usage: tangle" in said.out


def run(*arguments: str, code: int = 0, **variables: str) -> str:
    """What `python -m tangle_cli` prints, with these variables."""
    done = subprocess.run(
        [sys.executable, "-m", "tangle_cli", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return (done.stdout + done.stderr).decode("gb18030" if "gb18030" in str(variables) else "utf-8")


def test_a_stream_without_chinese_characters_gets_english() -> None:
    for encoding, said in (("ascii", "no command"), ("utf-8", "没有命令"), ("gb18030", "没有命令")):
        text = run("rnu", code=2, TANGLE_LANG="zh_CN", PYTHONIOENCODING=encoding)
        assert said in text, encoding


def test_english_reads_no_catalogue() -> None:
    code = (
        "import sys\nfrom tangle_cli.main import cli\ncli(['--help'], standalone_mode=False)\n"
        "print(sorted(name for name in sys.modules if name in "
        "('tangle_cli.catalogue', 'tangle_cli.recognition', 'tangle_cli.help')))"
    )
    for locale, loaded in (("en", "[]"), (CHINESE, "['tangle_cli.catalogue', ")):
        variables = {**os.environ, "TANGLE_LANG": locale}
        out = subprocess.check_output([sys.executable, "-c", code], env=variables, text=True)
        assert out.splitlines()[-1].startswith(loaded)


# --- data is English -----------------------------------------------------------------------------


def test_what_is_stored_and_what_programs_read_is_the_same(
    graph: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for locale in ("en", CHINESE):
        monkeypatch.setenv("TANGLE_LANG", locale)
        for name, text in PAGES.items():
            graph.write(name, text)
        report = graph.tangle("run", "3.1", "3.2", "talks", "--fresh", "--format", "json").out
        documents = [
            re.sub(r'"(seconds|peak_memory)": [0-9.e-]+', "", report),
            *(graph.tangle(verb, "--format", "json").out for verb in ("list", "check")),
            graph.tangle("check", "--format", "github").out,
        ]
        assert graph.tangle("build").code == 1
        generated = graph.root / "generated"
        files = {path: path.read_bytes() for path in generated.rglob("*.py")}
        found.append((documents, {name: graph.text(name) for name in PAGES}, files))
    assert found[0] == found[1]
    assert json.loads(found[1][0][1])["sections"][0]["state"] == "fresh"


def test_problems_kept_in_english_are_printed_in_chinese(
    graph: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANGLE_LANG", "en")
    english = graph.tangle("check").out
    monkeypatch.setenv("TANGLE_LANG", CHINESE)
    chinese = graph.tangle("check").out
    monkeypatch.setenv("TANGLE_LANG", "en")
    assert graph.tangle("check").out == english
    assert "unknown property tangle.rnu" in english
    assert "未知的属性 tangle.rnu" in chinese


@pytest.mark.usefixtures("chinese")
def test_titles_and_outputs_stay_as_they_are(graph: Notes) -> None:
    assert "\nno problems" in graph.tangle("list").out
    said = graph.tangle("run", "talks", "--no-write").out
    assert "no problems\na: up to date\n" in said
    assert "（所在节：no problems）" in graph.tangle("check").out


# --- nothing is left in English ------------------------------------------------------------------


def english(text: str) -> list[str]:
    """The lines of a text that have words in English, apart from code and the words of Python."""
    lines = (QUOTED.sub("", line) for line in text.splitlines())
    return [line for line in lines if ENGLISH.search(line)]


def test_every_kind_of_problem(chinese: None) -> None:
    del chinese
    left = []
    for kind in problems_doc.KINDS:
        found = problems_doc.first_problem(kind) if kind.example else None
        texts = [kind.hint] if found is None else [found.message, found.hint]
        left += [(kind.code, line) for text in texts if text for line in english(_(text))]
    # Python's own words stay as they are.
    assert left == [("syntax-error", "这个代码段无法解析：invalid syntax")]


def commands(group: click.Group = cli) -> Iterator[tuple[str, ...]]:
    """The words of every command."""
    yield ()
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from ((name, *rest) for rest in commands(command))
        else:
            yield (name,)


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_help(words: tuple[str, ...], columns: int) -> None:
    result = CliRunner().invoke(cli, [*words, "--help"], terminal_width=columns, prog_name="tangle")
    assert result.exit_code == 0
    commands_in_it = re.compile(r"tangle [a-z-]+.*|Jupyter noteb\w*|Page, .*")
    assert english(commands_in_it.sub("", result.stdout)) == []
    lines = [line for line in result.stdout.splitlines() if "tangle completion" not in line]
    assert [line for line in lines if display_width(line) > columns] == []


@pytest.mark.usefixtures("chinese")
def test_help_has_all_that_is_in_the_english_one() -> None:
    for words in commands():
        command: click.Command = cli
        for word in words:
            assert isinstance(command, click.Group)
            command = command.commands[word]
        shown = re.sub(r"\s", "", call(*words, "--help").out)
        texts = paragraphs(inspect.cleandoc(command.help or ""))
        options = [p for p in command.params if isinstance(p, click.Option)]
        for text in (*texts, *(option.help or "" for option in options)):
            assert re.sub(r"\s", "", _(text)) in shown
        assert all(name in shown for option in options for name in option.opts)


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 0),
        (("list",), 0),
        (("list", "--all"), 0),
        (("check",), 1),
        (("check", "--all"), 1),
        (("check", "3.9"), 2),
        (("check", "--diff"), 1),
        (("build", "--check"), 1),
        (("build",), 1),
        (("run", "3.1"), 0),
        (("run", "3.1", "--verify"), 1),
        (("run", "3.2"), 1),
        (("run", "3.1", "3.2", "no problems"), 1),
        (("run", "--all", "--fresh", "-v"), 1),
        (("run", "--write-pending"), 0),
        (("run", "9.9"), 2),
        (("run", "tlaks"), 2),
        (("run",), 2),
        (("run", "3.1", "--write-pending"), 2),
        (("run", "--max-memory", "lots", "3.1"), 2),
        (("run", "--device", "cudda", "3.1"), 2),
        (("run", "--jobs", "0", "3.1"), 2),
        (("run", "--timeout", "soon", "3.1"), 2),
        (("run", "--jbos", "2"), 2),
        (("run", "--changed-since"), 2),
        (("run", "--format", "xml", "3.1"), 2),
        (("run", "--junit-xml", "/", "3.1"), 2),
        (("rnu",), 2),
        (("show",), 2),
        (("show", "3.1", "3.2"), 2),
        (("show", "book:2"), 2),
        (("clean", "--dry-run"), 0),
        (("clean",), 0),
        (("clean", "3.1", "--orphans"), 2),
        (("sync",), 0),
        (("sync", "--take", "notes"), 2),
        (("export", "3.1", "-o", "x.txt"), 2),
        (("import", "none.ipynb"), 3),
        (("outline", "none"), 2),
        (("trust", "none"), 2),
        (("init",), 0),
        (("debug", "3.1"), 2),
        (("debug", "3.1", "--listen", "there"), 2),
        (("server", "status"), 0),
        (("server", "stop"), 0),
        (("serve", "--port", "99999"), 2),
        (("merge-driver", "one"), 2),
        (("weave", "none"), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_commands(
    graph: Notes, arguments: tuple[str, ...], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(graph.root)
    said = call(*arguments)
    shown = said.out + said.err
    assert said.code == code, shown
    assert shown.strip() == "" or re.search(r"[\u4e00-\u9fff]", shown)
    own = re.sub(r"no problems|up to date|list index out of range|tangle \w[\w-]*.*", "", shown)
    assert english("\n".join(_without_code(own))) == []


@pytest.mark.usefixtures("chinese")
def test_doctor(graph: Notes) -> None:
    (graph.root / "pages" / "lacks.md").write_text("- ```python\n  import no_such_package\n  ```\n")
    said = graph.tangle("doctor")
    assert "Markdown 页面" in said.out
    assert "  警告  no_such_package " in said.out
    assert "no_such_package：导入处 pages/lacks.md:2；运行过的页面都不需要它\n" in said.out
    assert english(re.sub(r"tangle \w[\w-]*.*", "", said.out)) == []


@pytest.mark.usefixtures("chinese")
def test_names_in_doctor() -> None:
    sources = Path(doctor.__file__).parent.glob("*.py")
    code = "".join(path.read_text(encoding="utf-8") for path in sources)
    found = {*re.findall(r'(?:_found\(|\b(?:name|area)=)"([^"]+)"', code)}
    same = {"tangle", "python", "torch", "config.edn"}
    assert {name for name in found if _(name) == name} == same


def _without_code(text: str) -> Iterator[str]:
    """The lines of a text but those that quote a page, a diff, or Python."""
    for line in text.splitlines():
        if not re.match(r"[-+ @]|Traceback|.*\.md\b.*Error", line) or "提示" in line:
            yield line


def test_why_chunks_are_skipped(chinese: None) -> None:
    del chinese
    page, other = PagePath("pages/a.md"), PagePath("pages/b.md")
    place = Place(path=page, line=4)
    skip = Skip(before="needs x from ", place=place, after=", which failed", page=page)
    assert _(skip.text) == "需要第 4 行的 x，而那里失败了"
    elsewhere = Skip(before="needs x from ", place=place, after=", which failed", page=other)
    assert _(elsewhere.text) == "需要 pages/a.md 第 4 行的 x，而那里失败了"
    job = Job(section=SectionName("a"), cells=(Cell(name="", code="", origins=()),), directory="/")
    assert _(skip_of_rest(job, 0, "timed-out").text) == "借用的语句耗时过长，会话因此结束"


# --- recognition ---------------------------------------------------------------------------------


@pytest.fixture
def recognizer() -> Recognizer:
    """A small catalogue."""
    return Recognizer(
        {
            "{path}: cannot be read: {why}; {hint}": "{path}: 读不了：{why}；{hint}",
            "it is a folder": "它是目录",
            "name a file in it": "给出文件",
            "{number} of {total}": "{total} 之 {number}",
            "no section {wanted}": "没有 {wanted} 节",
            "known are {known}": "有 {known}",
            "the edit {what}{more}": "修改{what}{more}",
            "is dropped": "放弃",
            ", and {number} more": "，另有 {number} 个",
            "use {{a}}": "用 {{a}}",
        }
    )


@pytest.mark.parametrize(
    ("text", "translated"),
    [
        ("a: cannot be read: it is a folder; name a file in it", "a: 读不了：它是目录；给出文件"),
        ("a: cannot be read: odd; name a file in it", "a: 读不了：odd；给出文件"),
        ("it is a folder", "它是目录"),
        ("a/b.md:3: it is a folder", "a/b.md:3: 它是目录"),
        ("a: b: it is a folder", "a: b: 它是目录"),
        ("it is a folder (EISDIR)", "它是目录 (EISDIR)"),
        ("no section '3.9'; known are 3.1, 3.2", "没有 '3.9' 节；有 3.1, 3.2"),
        ("no section 'it is a folder'", "没有 'it is a folder' 节"),
        ("no section it is a folder", "没有 it is a folder 节"),
        ("3 of 4", "4 之 3"),
        ("one of them", "one of them"),
        ("the edit is dropped, and 3 more", "修改放弃，另有 3 个"),
        ("the edit is dropped", "修改放弃"),
        ("use {a}", "用 {a}"),
        ("", ""),
        ("{path}", "{path}"),
        ("unknown; words", "unknown; words"),
        ("unknown; it is a folder", "unknown；它是目录"),
        ("it is a folder; unknown", "it is a folder; unknown"),
        ("a: b", "a: b"),
    ],
)
def test_a_message_is_recognised(recognizer: Recognizer, text: str, translated: str) -> None:
    assert recognizer.translated(text) == translated


@pytest.mark.parametrize(
    "text",
    [
        "a: " * 600,
        "a; " * 600,
        ", x" * 600,
        " (" * 999,
        "the edit " * 200,
        "the edit , and 3 more" * 90,
        "a: cannot be read: b; " * 80,
        "x" * 100_000,
    ],
)
def test_long_texts_come_back(recognizer: Recognizer, text: str) -> None:
    assert recognizer.translated(text).count("x") == text.count("x")


@pytest.mark.parametrize("title", ["x (b), c: d; ", "a: b; c, d (e) ", "it, is (a: b; c), "])
def test_a_title_full_of_joints_takes_no_time(title: str) -> None:
    catalogue = read_catalogue(CHINESE)
    assert catalogue is not None
    recognizer = Recognizer(catalogue.entries())
    begun = time.process_time()
    text = (title * 200)[:1900]
    assert recognizer.translated(text) == text
    assert time.process_time() - begun < 5  # without a limit: up to half a minute
    assert recognizer.translated("a: up to date") == "a: 已是最新"


def test_lines_are_broken_as_chinese_is() -> None:
    text = "写入「笔记」，然后运行 tangle run，再看（所有的）结果。"
    for width in range(8, 60):
        lines = wrapped(text, width)
        assert "".join("".join(lines).split()) == "".join(text.split())
        assert all(display_width(line) <= max(width, 8) for line in lines)
        assert not any(line[0] in "，。）」" or line[-1] in "（「" for line in lines)
    assert wrapped("", 10) == []
