"""What is one unit, and how numbers and headings address parts of it."""

from __future__ import annotations

import json

import pytest

from tests.graphs import MakeNotes, Notes, Said

BREAD = """\
- ## 1. Prepare
	- ```python
	  grams = 500
	  print('bread prepared')
	  ```
- ## 2. Do
	- ```python
	  print('bread', grams * 2)
	  ```
- ## Results
	- ```python
	  print('bread eaten')
	  ```"""
FENCE = """\
- ## 1. Prepare
	- ```python
	  litres = 3
	  ```
- ## 2. Paint
	- ```python
	  print('fence', litres)
	  ```
- ## 2. Paint again
	- ```python
	  print('fence done')
	  ```"""
BOOK = """\
{top}
- # {n} Chapter
	- ## {n}.1. One
		- ```python
		  def area(r):  #@save
		      return 3 * r * r
		  size = {n}
		  ```
	- ## {n}.2. Two
		- ```python
		  print('size', size)
		  ```
		- ### {n}.2.1. Part
			- ```python
			  print('part')
			  ```
		- ### {n}.2.2. Rest
			- ```python
			  print('rest')
			  ```"""


def ran(said: Said) -> list[str]:
    """The texts that chunks printed."""
    assert said.code == 0, said.out + said.err
    sections = json.loads(said.out)["sections"]
    return [
        text
        for one in sections
        for chunk in one["chunks"]
        for text in "".join(o.get("text", "") for o in chunk["outputs"]).splitlines()
    ]


def printed(graph: Notes, *wanted: str) -> list[str]:
    return ran(graph.tangle("run", "--no-write", "--format", "json", *wanted))


def listed(graph: Notes) -> list[tuple[str, str, int, int]]:
    said = graph.tangle("list", "--format", "json")
    rows = json.loads(said.out)["sections"]
    return [(row["number"], row["title"], row["chunks"], row["borrowed"]) for row in rows]


@pytest.fixture
def two(notes: MakeNotes) -> Notes:
    return notes({"Bake bread": BREAD, "Paint fence": FENCE})


def test_two_pages_with_the_same_numbers_are_two_units_and_no_problem(two: Notes) -> None:
    assert listed(two) == [("Bake bread", "Bake bread", 3, 0), ("Paint fence", "Paint fence", 3, 0)]
    said = two.tangle("check", "--all")
    assert (said.code, "duplicate-section" in said.out) == (0, False)
    assert printed(two, "Paint fence") == ["fence 3", "fence done"]


@pytest.mark.parametrize(
    ("wanted", "texts"),
    [
        ("Bake bread#1", ["bread prepared"]),
        ("Bake bread#1.", ["bread prepared"]),
        ("Bake bread#Prepare", ["bread prepared"]),
        ("Bake bread#2", ["bread prepared", "bread 1000"]),
        ("bake bread#do", ["bread prepared", "bread 1000"]),
        ("Bake bread#2. Do", ["bread prepared", "bread 1000"]),
        ("Bake bread#Results", ["bread prepared", "bread 1000", "bread eaten"]),
        ("Paint fence#Paint", ["fence 3"]),
    ],
)
def test_a_number_or_a_heading_addresses_a_part_of_a_page(
    two: Notes, wanted: str, texts: list[str]
) -> None:
    assert printed(two, wanted) == texts


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (
            "1",
            ['"Bake bread#1" (pages/Bake bread.md:1)', '"Paint fence#1" (pages/Paint fence.md:1)'],
        ),
        ("Paint fence#2", ["pages/Paint fence.md:5", "pages/Paint fence.md:9"]),
        ("Bake bread#3", ["no heading '3' on 'Bake bread'; it has: "]),
        ("Bake bread#Nothing", ["no heading 'Nothing' on 'Bake bread'; it has: "]),
        ("7", ["no section or page '7'; "]),
    ],
)
def test_a_name_that_means_several_things_or_none(
    two: Notes, wanted: str, words: list[str]
) -> None:
    said = two.tangle("run", wanted)
    assert said.code == 2
    assert all(word in said.err for word in words), said.err


def test_the_one_page_that_has_a_heading_of_a_number_is_meant(notes: MakeNotes) -> None:
    graph = notes({"How to": "- ## 1.2 Do\n\t- ```python\n\t  print('done')\n\t  ```", "b": FENCE})
    assert printed(graph, "1.2") == ["done"]
    graph.write("c", "title:: 1.2 times\n\n- ```python\n  print('times')\n  ```\n")
    said = graph.tangle("run", "1.2")
    assert (said.code, '"1.2 times" (pages/c.md)' in said.err) == (2, True)
    graph.page("How to").unlink()
    assert printed(graph, "1.2") == printed(graph, "1.2 times") == ["times"]


def test_a_part_of_a_flat_page_ends_before_the_next_heading(notes: MakeNotes) -> None:
    chunk = "- ```python\n  print('{0}')\n  ```\n"
    flat = "- # One\n{0}- ## Deeper\n{1}- # Two\n{2}- 3 words\n{3}- 4 words\n{4}"
    graph = notes({"flat": flat.format(*map(chunk.format, "abcde"))})
    assert printed(graph, "flat#One") == ["a", "b"]
    assert printed(graph, "flat#Deeper") == ["a", "b"]
    assert printed(graph, "flat#3") == ["a", "b", "c", "d"]


def test_a_book_is_found_by_its_numbers(notes: MakeNotes) -> None:
    graph = notes({"b": BOOK.format(top="", n=3), "a": BOOK.format(top="", n=4), "c": BREAD})
    assert [row[0] for row in listed(graph)] == ["3.1", "3.2", "4.1", "4.2", "c"]
    assert printed(graph, "3.2") == ["size 3", "part", "rest"]
    assert printed(graph, "3.2.1") == ["size 3", "part"]
    assert printed(graph, "b#3.2.1") == printed(graph, "b#Part") == ["size 3", "part"]
    assert printed(graph, "4") == ["size 4", "part", "rest"]
    assert printed(graph, "a") == ["size 4", "part", "rest"]  # by the title of its page
    assert printed(graph, "1") == ["bread prepared"]  # the page that has such a heading


def test_several_books_are_distinguished_by_name(notes: MakeNotes) -> None:
    top = "tangle.book:: {}\n"
    graph = notes(
        {"a": BOOK.format(top=top.format("one"), n=3), "b": BOOK.format(top=top.format("two"), n=3)}
    )
    assert [row[0] for row in listed(graph)] == ["one#3.1", "one#3.2", "two#3.1", "two#3.2"]
    assert printed(graph, "two#3.2.1") == ["size 3", "part"]
    assert printed(graph, "one#3") == ["size 3", "part", "rest"]
    for wanted in ("3", "3.2", "3.2.1"):
        said = graph.tangle("run", wanted)
        assert (said.code, f'"one#{wanted}" (pages/a.md:' in said.err) == (2, True)
        assert f'"two#{wanted}" (pages/b.md:' in said.err
    said = graph.tangle("build")
    scripts = list((graph.root / "generated" / "graph" / "sections").glob("sec_*.py"))
    assert len(scripts) == 4


def test_the_configuration_names_the_pages_of_a_book(notes: MakeNotes) -> None:
    graph = notes({"chapter1": BREAD, "chapter2": FENCE.replace("2", "4"), "c": BREAD})
    (graph.root / "tangle.toml").write_text('book = ["pages/chapter*.md"]\n')
    assert [row[0] for row in listed(graph)] == ["1", "2", "4", "c", "chapter1"]
    said = graph.tangle("check", "--all")
    assert said.out.count("[duplicate-section]") == 2  # 1 of both chapters, and 4 twice
    (graph.root / "tangle.toml").write_text("book = []\n")
    assert [row[0] for row in listed(graph)] == ["c", "chapter1", "chapter2"]


@pytest.mark.parametrize("value", ['"pages/*.md"', "[1]", '[""]', "true"])
def test_a_configuration_of_a_book_that_is_none(notes: MakeNotes, value: str) -> None:
    graph = notes({"a": BREAD})
    (graph.root / "tangle.toml").write_text(f"book = {value}\n")
    said = graph.tangle("list")
    assert (said.code, "it takes a list of patterns or names" in said.err) == (2, True)


# --- pages that need pages ------------------------------------------------------------------------

DATA = """\
- ```python
  import math
  rows = [1, 2]
  rows.append(3)
  def total():
      return math.floor(sum(rows))
  print('data ran')
  ```"""


def user(needs: str, code: str = "print('total', total(), rows)") -> str:
    top = f"tangle.needs:: {needs}\n\n" if needs else ""
    return f"{top}- ```python\n  {code}\n  ```"


@pytest.mark.parametrize(
    "needs",
    [
        "[[Sales, 2024]]",
        "[[sales, 2024]]",
        "[[Numbers]]",
        "Numbers",
        "[[Between]]",
        "[[b]], Numbers",
    ],
)
def test_a_page_shares_the_names_of_the_page_that_it_needs(notes: MakeNotes, needs: str) -> None:
    graph = notes(
        {
            "z": f"title:: Sales, 2024\nalias:: Numbers\n\n{DATA}",
            "Between": user("Numbers", "print('between')"),
            "b": user("", "print('b')"),
            "a": user(needs),
        }
    )
    assert graph.tangle("check", "--all").out == ""
    texts = printed(graph, "a")
    assert texts[0] == "data ran" or "[[b]]" in needs
    assert texts[-1] == "total 6 [1, 2, 3]"
    script = graph.tangle("show", "a").out
    assert "# from Sales, 2024 (pages/z.md)\nimport math\n" in script
    assert "b ran" not in script


def test_a_page_borrows_from_no_other(notes: MakeNotes) -> None:
    graph = notes({"Data": DATA, "a": user(""), "Other": user("[[a]]", "print(rows)")})
    said = graph.tangle("check", "--all", "--format", "json")
    problems = [p for p in json.loads(said.out)["problems"] if p["code"] == "undefined-name"]
    assert {(p["path"], p["message"].split()[0]) for p in problems} == {
        ("pages/a.md", "total"),
        ("pages/a.md", "rows"),
        ("pages/Other.md", "rows"),
    }
    assert not any("Data" in (p["hint"] or "") for p in problems)


def test_pages_that_need_each_other_run(notes: MakeNotes) -> None:
    graph = notes({"a": user("[[b]]", "print('a')"), "b": user("[[a]]", "print('b')")})
    assert sorted(printed(graph, "b")) == ["a", "b"]


def test_a_section_of_a_book_and_a_page_share_names_either_way(notes: MakeNotes) -> None:
    book = BOOK.format(top="", n=3).replace(
        "## 3.2. Two", "## 3.2. Two\n\t  tangle.needs:: [[Data]]"
    )
    graph = notes(
        {
            "b": book.replace("print('part')", "print('part', total())"),
            "Data": DATA,
            "Try": user("3.1", "print(size, area(1))"),
        }
    )
    assert printed(graph, "3.2") == ["data ran", "size 3", "part 6", "rest"]
    assert printed(graph, "Try") == ["3 3"]


def test_a_need_that_nothing_meets(notes: MakeNotes) -> None:
    said = notes({"a": user("[[Nowhere]]", "1")}).tangle("check", "--all")
    assert (
        "pages/a.md:1:1: error: tangle.needs names [[Nowhere]], but no section or page" in said.out
    )
