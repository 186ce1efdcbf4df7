"""Does once, in a template, what Python and IPython remember: a first cell is not the slowest.

To import this module is to do it. Nothing of it is seen by a section.
"""

from __future__ import annotations

import bdb  # noqa: F401 -- IPython imports it with the first cell
import unicodedata  # noqa: F401 -- and this, to see whether a name is one

from IPython.core.inputtransformer2 import TransformerManager

from tangle.model import Job
from tangle.typed_json import json_decoder

json_decoder(Job)  # reads the annotations of all that a job is made of
TransformerManager().transform_cell("x = 1\n")  # type: ignore[no-untyped-call]
