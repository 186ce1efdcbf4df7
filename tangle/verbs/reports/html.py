"""Write a run as a single HTML file that loads nothing from elsewhere.

Whatever a chunk printed is text here. HTML that it showed stands in a frame that may run nothing
and load nothing, and figures are images, in which a browser runs no script either.
"""

from __future__ import annotations

import base64
import platform
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final

from tangle import __version__
from tangle.model import MimeBundle, MimeType, Output
from tangle.store import write_file
from tangle.verbs.project import Project
from tangle.verbs.reports.outcomes import ChunkOutcome, SectionOutcome, outcomes, why
from tangle.verbs.reports.values import Difference, RunReport
from tangle.write import File, rendered, size

_HTML: Final = MimeType("text/html")
_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What the page and the frames in it may load: images that stand in it."""

_STYLE: Final = """
:root { color-scheme: light dark; --back: #fff; --front: #1f2328; --faint: #59636e;
  --line: #d1d9e0; --box: #f6f8fa; --good: #1a7f37; --bad: #cf222e; --old: #ffebe9;
  --new: #dafbe1; --bar: #b6d7f2; }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --front: #e6edf3;
  --faint: #9198a1; --line: #3d444d; --box: #151b23; --good: #3fb950; --bad: #ff7b72;
  --old: #4b1113; --new: #12361f; --bar: #1f4b73; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 60rem; background: var(--back);
  color: var(--front); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.15rem; margin: 0; display: inline; }
a { color: inherit; } .faint { color: var(--faint); font-size: .875rem; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; margin: 1.25rem 0; }
th, td { padding: .3rem .6rem; text-align: left; border-bottom: 1px solid var(--line);
  vertical-align: top; } th { color: var(--faint); font-weight: 500; font-size: .875rem; }
td.number, th.number { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
td.time { min-width: 8rem; } .bar { height: .3rem; background: var(--bar); border-radius: 2px;
  margin-top: .2rem; margin-left: auto; }
details.section { border: 1px solid var(--line); border-radius: 6px; margin: 1rem 0; }
details.section > summary { padding: .6rem .9rem; cursor: pointer; }
.chunk { border-top: 1px solid var(--line); padding: .6rem .9rem; }
.head { display: flex; flex-wrap: wrap; gap: 0 .75rem; justify-content: space-between; }
pre { margin: .4rem 0; padding: .6rem .75rem; overflow-x: auto; border-radius: 6px;
  font: 13px/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre.code { background: var(--box); } pre.output { border: 1px solid var(--line); }
pre.output, pre.error { max-height: 30rem; overflow: auto; }
pre.error { border: 1px solid var(--bad); }
pre.diff span { display: block; font-size: inherit; }
.old { background: var(--old); } .new { background: var(--new); }
img { max-width: 100%; height: auto; background: #fff; border-radius: 4px; display: block;
  margin: .4rem 0; }
iframe { width: 100%; height: 16rem; border: 1px solid var(--line); border-radius: 6px;
  background: #fff; resize: vertical; }
@media (max-width: 30rem) { th, td { padding: .3rem .25rem; } td.time { min-width: 0; } }
"""


def write_html(project: Project, report: RunReport, path: Path) -> None:
    """Write the report of a run as a self-contained HTML file.

    Args:
        project: whose notes.
        report: the run.
        path: the file to write.

    Raises:
        NotWritable: the file cannot be written.
    """
    write_file(path, html(project, report).encode("utf-8", "replace"))


def html(project: Project, report: RunReport) -> str:
    """Return the report of a run as a self-contained HTML page.

    Args:
        project: whose notes.
        report: the run.
    """
    sections = outcomes(project, report)
    good = sum(section.outcome == "passed" for section in sections)
    head = f"{good} of {len(sections)} sections passed" if sections else "nothing was run"
    body = "\n".join((*_overview(sections), *(_section(*entry) for entry in enumerate(sections))))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>tangle: {escape(head)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(head)}</h1>
<p class="faint">tangle {escape(__version__)}, Python {platform.python_version()},
{escape(platform.system())} {escape(platform.machine())}</p>
{body}
</body>
</html>
"""


def _overview(sections: tuple[SectionOutcome, ...]) -> Iterator[str]:
    if not sections:
        return
    longest = max(section.run.result.seconds for section in sections) or 1.0
    yield '<div class="wide"><table><thead><tr><th>section</th><th>outcome</th>'
    yield '<th class="number">chunks</th><th class="number">time</th><th>device</th></tr></thead>'
    yield "<tbody>"
    for index, section in enumerate(sections):
        result = section.run.result
        width = 100 * result.seconds / longest
        answer = section.run.answer
        cached = f' <span class="faint">{_text(answer)}</span>' if answer else ""
        yield (
            f'<tr><td><a href="#s{index}">{_text(section.name)}</a></td>'
            f"<td>{_outcome(section.outcome)}{cached}</td>"
            f'<td class="number">{len(section.chunks)}</td>'
            f'<td class="number time">{result.seconds:.2f} s'
            f'<div class="bar" style="width: {width:.0f}%"></div></td>'
            f"<td>{_text(result.device)}</td></tr>"
        )
    yield "</tbody></table></div>"


def _section(index: int, section: SectionOutcome) -> str:
    opened = "" if section.outcome == "passed" else " open"
    chunks = "\n".join(_chunk(chunk) for chunk in section.chunks)
    return (
        f'<details class="section" id="s{index}"{opened}><summary><h2>{_text(section.name)}</h2> '
        f"{_outcome(section.outcome)}</summary>\n{chunks}\n</details>"
    )


def _chunk(chunk: ChunkOutcome) -> str:
    result = chunk.result
    place = _text(f"{chunk.page}:{chunk.line}")
    parts = [
        '<div class="chunk"><div class="head">',
        f'<span class="faint">chunk {chunk.number}, {place}</span>',
        f'<span class="faint">{_outcome(result.outcome)} {result.seconds:.2f} s</span></div>',
        f'<pre class="code">{_text(chunk.planned.code.chunk.code.rstrip())}</pre>',
        *_outputs(chunk.result.outputs),
        *_failure(chunk),
        *(_difference(found) for found in chunk.differences),
        "</div>",
    ]
    return "\n".join(parts)


def _outputs(outputs: tuple[Output, ...]) -> Iterator[str]:
    number = 0
    for part in rendered(outputs).parts:
        match part:
            case File(link=link) if link:
                continue  # its HTML stands in a frame below
            case File(mime=mime, data=data, shows=shows):
                number += 1
                source = base64.b64encode(data).decode("ascii")
                label = escape(", ".join(filter(None, (f"figure {number}", shows))))
                if mime.startswith("image/"):
                    yield f'<img alt="{label}" src="data:{escape(mime)};base64,{source}">'
                else:
                    yield f'<p class="faint">{escape(mime)}, {escape(size(data))}</p>'
            case _:
                if part.text:
                    yield f'<pre class="output">{_text(part.text)}</pre>'
    for output in outputs:
        if isinstance(output, MimeBundle) and _HTML in (forms := dict(output.data)):
            yield _frame(forms[_HTML])


def _frame(source: str) -> str:
    """Return HTML from the notes in a sandboxed frame."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
    return (
        "<details><summary class='faint'>as HTML</summary>"
        f'<iframe sandbox="" title="output as HTML" srcdoc="{escape(policy + source)}"></iframe>'
        "</details>"
    )


def _failure(chunk: ChunkOutcome) -> Iterator[str]:
    if chunk.result.outcome == "passed":
        return
    if chunk.result.outcome == "skipped":
        yield f'<p class="faint">{_text(why(chunk.result))}</p>'
        return
    failure = chunk.result.failure
    text = (failure.traceback if failure else "") or why(chunk.result)
    yield f'<pre class="error">{_text(text.rstrip())}</pre>'


def _difference(found: Difference) -> str:
    where = _text(f"{found.place.path}:{found.place.line}")
    rows = "".join(
        f'<span class="{_CLASSES.get(line[:1], "faint")}">{_text(line) or " "}</span>'
        for line in found.diff
    )
    diff = f'<pre class="diff output">{rows}</pre>' if rows else ""
    return f'<p><span class="bad">{_text(found.message)}</span> {where}</p>{diff}'


_CLASSES: Final = {"-": "old", "+": "new"}


def _outcome(outcome: str) -> str:
    kind = "good" if outcome == "passed" else "faint" if outcome == "skipped" else "bad"
    return f'<span class="{kind}">{escape(outcome)}</span>'


def _text(text: str) -> str:
    """Escape text for HTML, control characters included."""
    visible = "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)
    return escape(visible)
