"""Does once, in a template, what Python and IPython remember: a first cell is not the slowest.

To import this module is to do it. Nothing of it is seen by a section.
"""

from __future__ import annotations

from IPython.core.inputtransformer2 import TransformerManager

TransformerManager().transform_cell("x = 1\n")  # type: ignore[no-untyped-call]
