"""The page of the package's names: signature, docstring, where each is defined and used, source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from tangle.analyse import Saved
from tangle.model import SectionName
from tangle.notes import Core, package_name, query, units
from tangle.weave.block_text import BlockText
from tangle.weave.code import code_html, uses_html
from tangle.weave.code_words import CodeWords, code_words
from tangle.weave.content import Surroundings
from tangle.weave.content_words import content_words
from tangle.weave.graph import href_of_page, is_line_left_out, site_language
from tangle.weave.html import Writer
from tangle.weave.lookups import Here
from tangle.weave.markdown import tokens_of
from tangle.weave.names import uses_of
from tangle.weave.page_code import place_link
from tangle.weave.signatures import Signed, doc_parts, signed
from tangle.weave.views import TocEntry

_NO_BLOCK = BlockText(index=0, depth=0, kind="bullet", anchor="")


@query(hashed=True)
def reference_html(core: Core, _: str) -> str:
    """The names that pages of the site save, with `ROOT` in addresses; empty without one."""
    return "".join(_Reference(core).sections())


@query(kept=tuple[TocEntry, ...])
def reference_toc(core: Core, _: str) -> tuple[TocEntry, ...]:
    """The names in the reference."""
    found = (name for saved in shown_names(core) for name in saved.names)
    return tuple(TocEntry(anchor=name, text=name, level=1) for name in dict.fromkeys(found))


def shown_names(core: Core) -> tuple[Saved, ...]:
    """Return the saved definitions of pages of the site, imports left out."""
    found = units.package(core, "").package.saved
    return tuple(
        saved
        for saved in found
        if href_of_page(core, saved.place.path) is not None
        and not (saved.imports or saved.future)
        and not is_line_left_out(core, saved.place.path, saved.place.line)
    )


class _Reference:
    """Writes the reference."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._words: CodeWords = code_words(site_language(core, ""))
        self._link = place_link(core)
        self._writer = Writer(Surroundings(core), content_words(site_language(core, "")))
        self._entries = shown_names(core)
        self._patches: defaultdict[str, list[Saved]] = defaultdict(list)
        for saved in self._entries:
            for name in saved.patches:
                self._patches[name].append(saved)
        self._last = {name: saved for saved in self._entries for name in saved.names}

    def sections(self) -> Iterator[str]:
        """Yield the names under the sections that define them, then the imports."""
        groups: dict[tuple[SectionName, str], list[tuple[str, Saved]]] = {}
        for name, saved in self._last.items():
            groups.setdefault((saved.section, saved.title), []).append((name, saved))
        for (section, title), entries in groups.items():
            heading = section if title == section else f"{section} {title}"
            yield str(Markup("<h2>{}</h2>").format(heading))
            yield from (str(self._entry(name, saved)) for name, saved in entries)
        yield self._imports()

    def _entry(self, name: str, saved: Saved) -> Markup:
        about = signed(saved.text, name)
        added = [self._added(patch) for patch in self._patches.get(name, ())]
        parts = (
            self._signature(about, saved),
            self._doc(about.doc, saved),
            self._methods(about.methods, saved, added),
            self._facts(name),
            _source(saved.text, self._words),
        )
        entry = Markup('<section class="api" id="{}">{}</section>')
        return entry.format(name, Markup("").join(parts))

    def _signature(self, about: Signed, saved: Saved) -> Markup:
        href = self._link(saved.place)
        code = code_html(about.text, "python")
        shown = Markup('<h3 class="signature">{}</h3>').format(_inline(code))
        where = Markup('<p class="defined">{} <a href="{}">{}</a></p>').format(
            self._words.defined_in, href or "", saved.section
        )
        return shown + where

    def _doc(self, doc: str, saved: Saved) -> Markup:
        here = Here(saved.place.path, _NO_BLOCK)
        parts = (
            str(code_html(text, "pycon")) if example else self._writer.tokens(tokens_of(text), here)
            for text, example in doc_parts(doc)
        )
        return (
            Markup('<div class="doc">{}</div>').format(Markup("".join(parts)))
            if doc
            else Markup("")
        )

    def _methods(self, methods: Sequence[Signed], saved: Saved, added: list[Markup]) -> Markup:
        own = [
            Markup("<dt>{}</dt><dd>{}</dd>").format(
                _inline(code_html(method.text, "python")), self._doc(method.doc, saved)
            )
            for method in methods
        ]
        if not (own or added):
            return Markup("")
        found = Markup("").join((*own, *added))
        return Markup('<p>{}</p><dl class="methods">{}</dl>').format(self._words.methods, found)

    def _added(self, saved: Saved) -> Markup:
        """A method that another section adds to a class."""
        about = signed(saved.text, "")
        where = Markup('{} <a href="{}">{}</a>').format(
            self._words.added_in, self._link(saved.place) or "", saved.section
        )
        return Markup("<dt>{} {}</dt><dd>{}</dd>").format(
            _inline(code_html(about.text, "python")), where, self._doc(about.doc, saved)
        )

    def _facts(self, name: str) -> Markup:
        uses = uses_html(uses_of(self._core, name), self._link, self._words)
        return Markup('<p class="used">{}</p>').format(uses)

    def _imports(self) -> str:
        """What the package imports for those who use it."""
        found = units.package(self._core, "").package.saved
        shown: Mapping[str, str] = {
            entry.bound: entry.text
            for saved in found
            if href_of_page(self._core, saved.place.path) is not None
            for entry in saved.imports
            if entry.bound and not entry.module.startswith(str(package_name(self._core, "")))
        }
        if not shown:
            return ""
        lines = (
            Markup('<dt id="{}"><code>{}</code></dt><dd>{}</dd>').format(
                name, name, _inline(code_html(text, "python"))
            )
            for name, text in shown.items()
        )
        return str(
            Markup('<h2>{}</h2><dl class="imports">{}</dl>').format(
                self._words.imported, Markup("").join(lines)
            )
        )


def _source(text: str, words: CodeWords) -> Markup:
    fold = '<details class="fold source"><summary>{}</summary>{}</details>'
    return Markup(fold).format(words.code, code_html(text, "python"))


def _inline(code: Markup) -> Markup:
    """Code without the element that makes it a block."""
    text = str(code)
    start, end = text.index("<code"), text.rindex("</code>") + len("</code>")
    return Markup(text[start:end])
