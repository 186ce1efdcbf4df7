"""Does once, in a template, what Python and IPython remember: a first cell is not the slowest.

To import this module is to do it. Nothing of it is seen by a section.
"""

from __future__ import annotations

import bdb  # noqa: F401 -- IPython imports it with the first cell
import unicodedata  # noqa: F401 -- and this, to see whether a name is one

from IPython.core.inputtransformer2 import TransformerManager

from tangle.engine.codec import hints
from tangle.engine.wire import Begun, Closed, Ended, Usage, Wrote
from tangle.model import Cell, Job, Origin, Seen, Source

for kind in (Job, Cell, Origin, Source, Seen, Begun, Closed, Ended, Usage, Wrote):
    hints(kind)
TransformerManager().transform_cell("x = 1\n")  # type: ignore[no-untyped-call]
