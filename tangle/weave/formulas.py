"""Render formulas as HTML with MathML: KaTeX, run while the site is woven.

No script reaches the page. The style sheet and the fonts that the HTML needs are `formula_files`.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from markupsafe import escape

if TYPE_CHECKING:
    from dukpy import JSInterpreter

KATEX_VERSION: Final = "0.19.1"

_LONGEST: Final = 10_000
"""Characters of a formula; the time that KaTeX needs grows with them."""
_EXPANSIONS: Final = 1_000
_TOKENS: Final = 40_000
"""Names that KaTeX may look up for one formula. Definitions that double their argument grow
without a bound otherwise: `maxExpand` counts expansions, not what they add."""

_DEFINES: Final = re.compile(
    r"\\(?:[gex]?def|(?:re|provide)?newcommand|renew|provide|let|futurelet)"
)
_RENDER: Final = r"""
function tangleRender(tex, display, expansions, tokens) {
  let left = tokens;
  const macros = new Proxy({}, {
    getOwnPropertyDescriptor(target, name) {
      if (--left < 0) throw new Error("too many tokens");
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
  });
  try {
    return [true, katex.renderToString(tex, {
      displayMode: display, output: "htmlAndMathml", throwOnError: true, strict: "ignore",
      trust: false, maxSize: 50, maxExpand: expansions, macros: macros,
    })];
  } catch (error) {
    if (error === null || error === undefined) return [false, "out of memory"];
    return [false, String(error.message)];
  }
}
0
"""
_LIMITS: Final = {
    "too many tokens": "it expands to too much",
    "too many arguments": "it expands to too much",
    "call stack": "it is nested too deeply",
    "stack overflow": "it is nested too deeply",
    "out of memory": "it needs too much memory",
}
"""What QuickJS and we say at a limit, and what that means for a formula."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A formula as a page shows it.

    Attributes:
        refused: why it is shown as its source; empty where it is shown as a formula.
    """

    html: str
    refused: str = ""


@lru_cache(maxsize=10_000)
def rendered(tex: str, *, display: bool) -> Rendered:
    """Return a formula as HTML, the same for the same source.

    Args:
        tex: its source, without the signs around it.
        display: whether it is on lines by itself.
    """
    name, kind = ("div", "math display") if display else ("span", "math")
    source = tex.strip().encode("utf-8", "replace").decode()
    made, text = _made(source, display=display)
    if made:
        return Rendered(html=f'<{name} class="{kind}">{text}</{name}>')
    # What KaTeX says of a place has a mark below each character of it.
    reason = " ".join(text.removeprefix("KaTeX parse error: ").replace("\u0332", "").split())
    start = f'<{name} class="{kind} refused" title="{escape(reason)}">'
    return Rendered(html=f"{start}<code>{escape(tex)}</code></{name}>", refused=reason)


def _made(source: str, *, display: bool) -> tuple[bool, str]:
    """Whether KaTeX makes HTML of a formula, and that, or why it does not."""
    if len(source) > _LONGEST:
        return False, f"it is longer than {_LONGEST} characters"
    expansions = _EXPANSIONS
    if _DEFINES.search(source):
        expansions = min(expansions, 50_000 // len(source))
    try:
        from dukpy import JSRuntimeError
    except ImportError as error:  # installed, and broken
        return False, f"KaTeX failed: {error}"
    try:
        made, text = _katex().evaljs(
            "tangleRender(dukpy.tex, dukpy.display, dukpy.expansions, dukpy.tokens)",
            tex=source,
            display=display,
            expansions=expansions,
            tokens=_TOKENS,
        )
    except (JSRuntimeError, OSError) as error:
        # An interpreter that ran out of memory may fail at whatever comes next.
        _local.katex = None
        return False, f"KaTeX failed: {str(error).partition(chr(10))[0]}"
    if made:
        return True, text
    if "out of memory" in text:
        _local.katex = None
    return False, next((meant for said, meant in _LIMITS.items() if said in text), text)


_local: Final[Any] = threading.local()
"""An interpreter per thread: its limit on the depth of calls is a place in the thread's stack."""


def _katex() -> JSInterpreter:
    """Return an interpreter in which KaTeX is loaded."""
    found: JSInterpreter | None = getattr(_local, "katex", None)
    if found is None:
        from dukpy import JSInterpreter

        found = JSInterpreter()
        # Logseq loads mhchem, too, for `\ce` and `\pu`.
        for name in ("katex.min.js", "mhchem.min.js"):
            found.evaljs(f"{(_folder() / name).read_text(encoding='utf-8')};0")
        found.evaljs(_RENDER)
        _local.katex = found
    return found


def formula_files() -> dict[str, bytes]:
    """Return the files that pages with formulas need, by their paths below the site's `static`."""
    folder = _folder()
    found = {"katex/katex.min.css": (folder / "katex.min.css").read_bytes()}
    for font in sorted((folder / "fonts").iterdir(), key=lambda file: file.name):
        found[f"katex/fonts/{font.name}"] = font.read_bytes()
    return found


def _folder() -> Any:
    return resources.files("tangle.weave") / "vendor" / "katex"
