"""What came of a session as plain JSON values, for an executor that runs jobs elsewhere."""

from __future__ import annotations

import json
from typing import Any

from tangle.model import SessionResult
from tangle.typed_json import DamagedDocument, convert, encode


def result_to_json(result: SessionResult) -> dict[str, Any]:
    """The result as plain dicts, lists, strings and numbers."""
    data: dict[str, Any] = json.loads(encode(result))
    return data


def result_from_json(data: object) -> SessionResult:
    """The result that `result_to_json` made `data` of.

    Raises:
        DamagedDocument: `data` is anything else: a key too many or too few, a wrong type, an
            outcome that does not exist.
    """
    result = convert(data, SessionResult)
    if result_to_json(result) != data:
        raise DamagedDocument("a result has all of its fields, and no others")
    return result
