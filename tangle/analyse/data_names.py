"""Find the names of files that code reads, as far as its text shows them.

Nothing is run. Where a name is worked out, or what reads is not Python, that is said, so that
the caller can take the cautious answer.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from tangle.analyse.magics import is_cell_magic, masked

_READERS: Final = re.compile(
    r"open\w*|read_\w+|imread|load|loads?txt|load_(?!state_dict)\w+|from_?file|genfromtxt|memmap"
    r"|i?glob|rglob|listdir|scandir|walk|iterdir|l?exists|is_?(?:file|dir|link)|l?stat"
    r"|get(?:size|[amc]time)|File|\w+Folder|import_module|run_path|run_module|readlink|connect"
)
"""How functions are called that read a file, or ask for one; the name is their first argument."""

_LISTING: Final = frozenset({"listdir", "scandir", "walk", "iterdir"})
_PATTERNED: Final = frozenset({"glob", "iglob", "rglob"})
_PROGRAMS: Final = re.compile(
    r"system|popen|Popen|check_call|check_output|getoutput|getstatusoutput|spawn\w+|exec[lv]\w*"
    r"|create_subprocess_\w+|run_line_magic|run_cell_magic"
)
_RUNS_TEXT: Final = frozenset({"exec", "eval", "__import__"})
_NAMED_BY: Final = frozenset(
    {"file", "path", "filename", "fname", "root", "filepath_or_buffer", "io", "pathname", "name"}
)
_KEEPS: Final = frozenset(
    {
        *("Path", "PurePath", "str", "sorted", "list", "tuple", "enumerate", "zip", "reversed"),
        *("join", "joinpath", "abspath", "realpath", "resolve", "absolute", "expanduser"),
        *("fspath", "items", "keys", "values", "dirname", "basename"),
    }
)
"""Functions that make no name of what was none."""

_PARTS: Final = frozenset({"parent", "parents", "name", "stem", "suffix", "parts"})
_READS_WHAT_IS_NAMED: Final = frozenset(
    {
        *("cat", "head", "tail", "wc", "grep", "echo", "pwd", "nvidia-smi", "pip", "mkdir", "cp"),
        *("mv", "rm", "date", "uname", "which", "wget", "curl", "unzip", "tar", "sort", "uniq"),
        *("cut", "touch", "file", "diff", "cmp", "md5sum", "sha256sum", "nproc", "whoami"),
    }
)
"""Programs that read no file but those that their words name."""

_NAMING_MAGICS: Final = frozenset({"run", "load", "pycat", "cd", "sx", "system", "script"})
_SHELL_WORD: Final = re.compile(r"[\s|&;<>()]+")


class DataNames(Struct, frozen=True, kw_only=True):
    """What a program's text says about files.

    Attributes:
        texts: every text in it that may be a path, or a part of one.
        doubt: why it may read more than these name, in words; empty where it does not.
        imports: the modules that it imports, dotted.
    """

    texts: frozenset[str]
    doubt: str
    imports: frozenset[str]


def data_names(codes: Iterable[str]) -> DataNames:
    """What the codes of one session say of files; they see each other's names."""
    found = _Finder()
    trees = [tree for code in codes if (tree := found.take(code)) is not None]
    for tree in trees:
        found.bind(tree)
    for tree in trees:
        found.look(tree)
    return DataNames(
        texts=frozenset(found.texts), doubt=found.doubt, imports=frozenset(found.imports)
    )


class _Finder:
    """Gathers texts, and the first doubt."""

    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.imports: set[str] = set()
        self.doubt = ""
        self._bound: defaultdict[str, list[ast.expr | None]] = defaultdict(list)
        self._asked: set[str] = set()

    def take(self, code: str) -> ast.Module | None:
        """The tree of a chunk; of what is no Python, its words are taken."""
        if is_cell_magic(code) and masked(code).foreign:
            self._take_words(code)
            self._doubts("a cell in another language runs")
            return None
        for text in (code, masked(code).text):
            try:
                tree = ast.parse(text)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            if text != code:
                self._take_masked(code, text)
            return tree
        self._take_words(code)
        return None

    def _take_masked(self, code: str, text: str) -> None:
        for line, plain in zip(code.split("\n"), text.split("\n"), strict=False):
            if line != plain:
                self._take_line(line)

    def _take_line(self, line: str) -> None:
        """Take the words of a magic or a shell command, and what it runs."""
        self._take_words(line)
        mark = re.search(r"[!%]+", line)
        command = line[mark.end() :].strip() if mark else ""
        program = command.split(maxsplit=1)[0] if command else ""
        if mark and mark[0].startswith("%"):
            if program in _NAMING_MAGICS:
                self._doubts(f"%{program} runs")
        elif mark and (program not in _READS_WHAT_IS_NAMED or re.search(r"[$`{]", command)):
            self._doubts("a program runs")

    def _take_words(self, text: str) -> None:
        self.texts.update(word.strip("\"'") for word in _SHELL_WORD.split(text))
        for line in text.split("\n"):
            try:
                self.texts.update(shlex.split(line, comments=False))
            except ValueError:
                continue  # an open quote

    def bind(self, tree: ast.Module) -> None:
        """Note what names are bound to; None for what is no expression of the program's."""
        for node in ast.walk(tree):
            for target, value in _bindings(node):
                for name in _names_in(target):
                    self._bound[name].append(value)

    def look(self, tree: ast.Module) -> None:
        """Look at each expression."""
        functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            match node:
                case ast.Constant(value=str(text)):
                    self.texts.add(text)
                case ast.Import(names=names):
                    self.imports.update(alias.name for alias in names)
                case ast.ImportFrom(module=module, names=names, level=level):
                    dotted = "." * level + (module or "")
                    join = "" if dotted.endswith(".") else "."
                    self.imports.update((dotted, *(f"{dotted}{join}{n.name}" for n in names)))
                case ast.Call():
                    self._look_at_call(node)
                case ast.Name() | ast.Attribute() if id(node) not in functions:
                    self._look_at_name(node)

    def _look_at_name(self, node: ast.expr) -> None:
        """A reader that is handed on may be called with anything; `open` alone is common."""
        if isinstance(node, ast.Name) and node.id == "open":
            self._doubts("open is handed on")

    def _look_at_call(self, node: ast.Call) -> None:
        name = _called(node.func)
        if (name in _RUNS_TEXT and isinstance(node.func, ast.Name)) or name == "import_module":
            if not (name != "exec" and self._settled_all(node.args[:1])):
                self._doubts(f"{name} runs what is not known")
        elif _PROGRAMS.fullmatch(name) or _is_subprocess(node.func):
            self._doubts("a program runs")
        elif _READERS.fullmatch(name):
            self._look_at_reader(node, name)

    def _look_at_reader(self, node: ast.Call, name: str) -> None:
        named = [*node.args[:1], *(k.value for k in node.keywords if k.arg in _NAMED_BY)]
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
        if receiver is not None and (not named or name in _PATTERNED) and not _is_module(receiver):
            named.append(receiver)
        if not self._settled_all(named):
            self._doubts("its code works out names of files")
        elif name in _LISTING | _PATTERNED and self._lists_around(named):
            self._doubts("it lists a folder around its page")

    def _lists_around(self, named: Iterable[ast.expr]) -> bool:
        """Whether what is listed is the page's own folder or one around it, by no pattern."""
        texts = [t.value for e in named for t in ast.walk(e) if isinstance(t, ast.Constant)]
        parts = [p for text in texts if isinstance(text, str) for p in re.split(r"[/\\]", text)]
        return not any(part.strip(".*?") for part in parts)

    def _settled_all(self, nodes: Iterable[ast.expr]) -> bool:
        return all(map(self._settled, nodes))

    def _settled(self, node: ast.expr | None) -> bool:
        """Whether all texts that an expression can come to stand in the program."""
        match node:
            case ast.Call():
                return self._settled_call(node)
            case ast.Name(id=name):
                return self._settled_name(name)
            case _:
                parts = _parts(node)
                return parts is not None and all(map(self._settled, parts))

    def _settled_call(self, node: ast.Call) -> bool:
        name = _called(node.func)
        if _READERS.fullmatch(name):
            return True  # looked at itself
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
        own = receiver is None or _is_module(receiver)
        own = own or (name != "join" and self._settled(receiver))  # a text's makes a new text
        return name in _KEEPS and own and self._settled_all(node.args)

    def _settled_name(self, name: str) -> bool:
        if name == "__file__" or name in self._asked:
            return True
        self._asked.add(name)
        try:
            values = self._bound.get(name)
            return values is not None and all(map(self._settled, values))
        finally:
            self._asked.discard(name)

    def _doubts(self, why: str) -> None:
        self.doubt = self.doubt or why


def _parts(node: ast.expr | None) -> list[ast.expr | None] | None:
    """The expressions that a compound one takes its texts from; None where it makes new ones."""
    match node:
        case ast.Constant():
            return []
        case ast.List() | ast.Tuple() | ast.Set() | ast.Dict():
            return [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
        case ast.Starred(value=value) | ast.Subscript(value=value) | ast.NamedExpr(value=value):
            return [value]
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, op=ast.Div(), right=other):
            return [one, other]
        case ast.Attribute(value=value, attr=attr) if attr in _PARTS:
            return [value]
        case _:
            return None


def _bindings(node: ast.AST) -> Iterator[tuple[ast.AST, ast.expr | None]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((target, value) for target in targets)
        case ast.AnnAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
            yield target, value
        case ast.AugAssign(target=target):
            yield target, None
        case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
            yield target, value
        case ast.comprehension(target=target, iter=value):
            yield target, value
        case ast.withitem(optional_vars=ast.AST() as target, context_expr=value):
            yield target, value
        case ast.arg(arg=name):
            yield ast.Name(id=name, ctx=ast.Store()), None


def _names_in(target: ast.AST) -> Iterator[str]:
    return (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def _called(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _is_module(node: ast.expr) -> bool:
    """Whether an expression is a name as modules have it, such as `os.path` or `pd`."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in _MODULES


_MODULES: Final = frozenset(
    {
        *("os", "io", "json", "pickle", "csv", "glob", "shutil", "tomllib", "codecs", "gzip"),
        *("bz2", "lzma", "zipfile", "tarfile", "sqlite3", "pathlib", "importlib", "runpy"),
        *("builtins", "ET", "yaml", "np", "numpy", "jnp", "pd", "pandas", "torch", "torchvision"),
        *("datasets", "d2l", "tf", "jax", "Image", "PIL", "cv2", "plt", "mpimg", "skimage"),
        *("scipy", "sio", "h5py", "xr", "nib", "sf", "joblib"),
    }
)
"""What modules that read are called; on other names a method reads the object itself."""


def _is_subprocess(function: ast.expr) -> bool:
    match function:
        case ast.Attribute(value=ast.Name(id="subprocess" | "sp" | "sh")):
            return True
        case _:
            return False
