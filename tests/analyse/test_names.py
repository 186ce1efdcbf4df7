"""Names that statements define and use: Python's own scope rules, in a table."""

from __future__ import annotations

import ast
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.analyse.statements import statements


def names(code: str, *, lazy: bool = False) -> tuple[str, str]:
    """What the statements bind, and what they use; `x()` where only a call asks for it."""
    found = statements(ast.parse(code), lazy=lazy)
    binds = " ".join(name for entry in found for name in entry.binds)
    used = [f"{use.name}()" if use.deferred else use.name for e in found for use in e.uses]
    return binds, " ".join(dict.fromkeys(used))


@pytest.mark.parametrize(
    ("code", "binds", "uses"),
    [
        # assignments
        ("x = y", "x", "y"),
        ("x = x", "x", "x"),
        ("a, (b, *c) = y", "a b c", "y"),
        ("a = b = c", "a b", "c"),
        ("x += y", "x", "x y"),
        ("x.a = y", "", "y x"),
        ("x[i] = y", "", "y x i"),
        ("x.a += 1", "", "x"),
        ("x: int = y", "x", "int y"),
        ("x: T", "", "T"),
        ("x.a: T = 1", "", "T x"),
        ("x.a: T", "", "T x"),
        ("print(y := f(z), y)", "y", "print f z"),
        ("a = b.c.d(e).f", "a", "b e"),
        ("a = (x, y)[0].z", "a", "x y"),
        # deletion
        ("del x", "", "x"),
        ("del x[0], y.a", "", "x y"),
        ("if a:\n    del x", "", "a"),
        ("for i in a:\n    t = i\n    del t", "i", "a"),
        # imports
        ("import a.b.c", "a", ""),
        ("import a.b as c", "c", ""),
        ("from a import b, c as d", "b d", ""),
        ("from . import a", "a", ""),
        ("from a import *", "", ""),
        ("from __future__ import annotations", "", ""),
        ("try:\n    import a\nexcept ImportError:\n    a = None", "a", "ImportError"),
        # control
        ("for x in y:\n    z = x\nelse:\n    w = 1", "x z w", "y"),
        ("async def f():\n    async for x in y:\n        x", "f", "y()"),
        ("async for x in y:\n    x", "x", "y"),
        ("while a:\n    b = c", "b", "a c"),
        ("with a as (b, c), d as e.f:\n    g", "b c", "a d e g"),
        ("if a:\n    b = 1\nelif c:\n    d = 1\nelse:\n    e = f", "b d e", "a c f"),
        ("try:\n    a\nexcept E as e:\n    print(e, g)\nelse:\n    h\nfinally:\n    i",
         "", "a E print g h i"),
        ("try:\n    a\nexcept E as e:\n    f = lambda: e", "f", "a E"),
        ("try:\n    a\nexcept E:\n    b = 1", "b", "a E"),
        ("try:\n    a\nexcept NameError:\n    a = b", "a", "NameError b"),
        ("try:\n    a\nexcept (KeyError, NameError):\n    b", "", "KeyError NameError b"),
        ("try:\n    a\nexcept (KeyError, IndexError):\n    b", "", "a KeyError IndexError b"),
        ("try:\n    a\nexcept* E as e:\n    e", "", "a E"),
        ("global x\nx = 1", "x", ""),
        ("assert a, b", "", "a b"),
        # functions
        ("def f(a, /, b=c, *d, e: g = h, **i) -> j:\n    return a, b, d, e, i, k",
         "f", "c h g j k()"),
        ("def f():\n    x = 1\n    return x, y", "f", "y()"),
        ("def f():\n    print(x)\n    x = 1", "f", "print()"),
        ("def f():\n    return f()", "f", "f()"),
        ("@a.b(c)\ndef f(): pass", "f", "a c"),
        ("def f():\n    def g():\n        nonlocal x\n        x = y\n    x = 1", "f", "y()"),
        ("def f():\n    import a\n    from b import c\n    return a, c", "f", ""),
        ("def f():\n    for x in y: pass\n    with a as b: b\n    return x", "f", "y() a()"),
        ("def f():\n    try: pass\n    except E as e: e\n    class C: pass\n    C", "f", "E()"),
        ("def f():\n    return [x for x in y if (z := x)], z", "f", "y()"),
        ("def f():\n    x: T = 1\n    del x", "f", ""),
        ("def f():\n    x.a: T = 1", "f", "T() x()"),
        ("def f():\n    async def g(x=h): return x\n    g, i", "f", "h() i()"),
        ("def f():\n    def g(x: T) -> U: pass", "f", "T() U()"),
        ("def f():\n    @d\n    class C(B, metaclass=M):\n        a = 1", "f", "d() B() M()"),
        ("def f():\n    lambda x=y: z", "f", "y() z()"),
        ("lambda a, *b, c=d, **e: (a, b, c, e, f)", "", "d f()"),
        ("sorted(a, key=lambda x: (x, b))", "", "sorted a b()"),
        # global
        ("def f():\n    global x\n    x = 1\n    y = x", "f", "x()"),
        ("def f():\n    global x\n    return x", "f", "x()"),
        # classes
        ("class A(B, k=C):\n    x = y\n    z = x", "A", "B C y"),
        ("class A:\n    x = 1\n    def f(self):\n        return x", "A", "x()"),
        ("class A:\n    T = 1\n    def f(self, x: T = T): pass", "A", ""),
        ("class A:\n    x = 1\n    y = [x for _ in z]", "A", "z x"),
        ("class A:\n    x = [1]\n    y = [i for i in x]", "A", ""),
        ("class A:\n    print(__module__, __qualname__)", "A", "print"),
        ("class A:\n    global x\n    x = y", "x A", "y"),
        ("class A:\n    global x\n    def f(self): return x", "A", "x()"),
        ("class A:\n    def f(self):\n        return A, __class__", "A", "A() __class__()"),
        ("@d\nclass A: pass", "A", "d"),
        ("class A:\n    try: pass\n    except E as e: e", "A", "E"),
        ("class A:\n    del x", "A", ""),
        # comprehensions
        ("[x + y for x in z]", "", "z y"),
        ("{x: w for x in y for z in x if z}", "", "y w"),
        ("{x for x in x}", "", "x"),
        ("(x for a, (b, *c) in d for x in a if e)", "", "d e"),
        ("[y := x for x in z if y]", "y", "z y"),
        ("[[x for x in y] for y in z]", "", "z"),
        ("[lambda: x for x in y]", "", "y"),
        ("[f(x := 1) for a.b[c] in d]", "x", "d f"),
        # matching
        ("match x:\n    case [a, *b]: c\n    case {'k': d, **e}: pass", "a b d e", "x c"),
        ("match x:\n    case P.q | R(s=t): pass\n    case [*_]: pass\n    case {**r}: pass",
         "t r", "x P R"),
        ("match x:\n    case int() as n if n > m: n\n    case _: pass", "n", "x int m"),
        # strings
        ('f"{x!r:>{w}} {y=}"', "", "x w y"),
        ('f"""\n{x}\n  {y}"""', "", "x y"),
        ("'x' 'y'", "", ""),
        # any script; Python reads names in NFKC
        ("损失 = 学习率", "损失", "学习率"),
        ("ﬁ = ⅷ", "fi", "viii"),
        ("é = e\u0301", "é", "é"),
    ],
)  # fmt: skip
def test_binds_and_uses(code: str, binds: str, uses: str) -> None:
    assert names(code) == (binds, uses)


@pytest.mark.parametrize(
    ("code", "sets"),
    [
        ("def f():\n    global x, y\n    x = 1", ("x",)),
        ("def f():\n    def g():\n        global x\n        import x", ("x",)),
        ("f = lambda: (x := 1)", ()),
    ],
)
def test_names_that_a_call_binds(code: str, sets: tuple[str, ...]) -> None:
    assert statements(ast.parse(code))[0].sets == sets


def test_only_a_plain_del_deletes() -> None:
    first, second = statements(ast.parse("del x, y\nif a:\n    del z"))
    assert (first.deletes, second.deletes) == (("x", "y"), ())


def test_annotations_that_are_not_evaluated() -> None:
    code = (
        "from __future__ import annotations\nclass A:\n    x: T\n    def f(self) -> A: pass\ny: U"
    )
    assert names(code) == ("A", "T() A() U()")
    assert names("def f(x: T): pass", lazy=True) == ("f", "T()")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.12 has type parameters")
@pytest.mark.parametrize(
    ("code", "binds", "uses"),
    [
        ("def f[T: B](x: T, y: U) -> T: return T", "f", "B() U"),
        ("class A[T](B[T]):\n    def f(self) -> T: return T", "A", "B"),
        ("class A:\n    X = 1\n    def f[T](self, x: X): pass", "A", ""),
        ("type X[T] = list[T] | Y", "X", "list() Y()"),
    ],
)
def test_type_parameters(code: str, binds: str, uses: str) -> None:
    assert names(code) == (binds, uses)


def test_spans_and_neighbours() -> None:
    found = statements(
        ast.parse("@a\n@b\ndef f():\n    pass\nx = 1; y = 2\nz = (1,\n 2); w = 3\nv")
    )
    assert [(e.first, e.last, e.alone) for e in found] == [
        (1, 4, True),
        (5, 5, False),
        (5, 5, False),
        (6, 7, False),
        (7, 7, False),
        (8, 8, True),
    ]


def test_imports_one_by_one() -> None:
    code = "import a, b.c as d\nfrom e.f import g as h, i\nfrom .j import *\nfrom . import k"
    found = [entry for statement in statements(ast.parse(code)) for entry in statement.imports]
    assert [(entry.bound, entry.text, entry.plain, entry.star) for entry in found] == [
        ("a", "import a", True, False),
        ("d", "import b.c as d", False, False),
        ("h", "from e.f import g as h", False, False),
        ("i", "from e.f import i", False, False),
        ("", "from .j import *", False, True),
        ("k", "from . import k", False, False),
    ]


@pytest.mark.parametrize(
    ("decorator", "patches"),
    [
        ("@add_to_class(A)", ("A",)),
        ("@d2l.add_to_class(d2l.B)", ("B",)),
        ("@add_to_class(f())", ()),
        ("@add_to_class", ()),
        ("@cache(A)", ()),
    ],
)
def test_methods_put_onto_a_class(decorator: str, patches: tuple[str, ...]) -> None:
    (found,) = statements(ast.parse(f"{decorator}\ndef f(self): pass"))
    assert found.patches == patches


def test_long_sums_and_chains_of_branches() -> None:
    total = " + ".join(f"x{i}" for i in range(900))
    assert names(total)[1].split() == [f"x{i}" for i in range(900)]


_NAMES = st.sampled_from("abcd")
_LINES = st.one_of(
    st.builds("{0} = {1}".format, _NAMES, _NAMES),
    st.builds("{0} = [{1} for {1} in [{2}]]".format, _NAMES, _NAMES, _NAMES),
    st.builds("def {0}({1}=1): return {1}, {2}".format, _NAMES, _NAMES, _NAMES),
    st.builds("class {0}:\n    {1} = 1\n    {2} = {1}".format, _NAMES, _NAMES, _NAMES),
    st.builds("for {0} in [1]: {1} = {0}".format, _NAMES, _NAMES),
    st.builds("del {0}".format, _NAMES),
)


@given(st.lists(_LINES, max_size=6))
def test_a_name_is_missing_exactly_where_python_says_so(lines: list[str]) -> None:
    """Run statement by statement, the first NameError is at the first unmet use."""
    space: dict[str, object] = {}
    for statement in statements(ast.parse("\n".join(lines))):
        unmet = {use.name for use in statement.uses if not use.deferred} - space.keys()
        module = ast.Module(body=[statement.node], type_ignores=[])
        code = compile(module, "<test>", "exec")
        if unmet:
            with pytest.raises(NameError):
                exec(code, space)  # noqa: S102 - made above
            return
        exec(code, space)  # noqa: S102 - made above
        assert set(statement.binds) <= space.keys()
        assert not set(statement.deletes) & space.keys()
