"""Values to JSON and back, strictly: what does not fit the type is a ValueError, not a guess.

Works on the frozen dataclasses of `tangle.model` and of the wire by their annotations. A union of
dataclasses is told apart by the names of their fields.
"""

from __future__ import annotations

import functools
import math
import types
from dataclasses import fields, is_dataclass
from typing import Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

from tangle.model import SessionResult

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def result_to_json(result: SessionResult) -> dict[str, Any]:
    """The result as plain dicts, lists, strings and numbers."""
    data = to_json(result)
    assert isinstance(data, dict)
    return data


def result_from_json(data: object) -> SessionResult:
    """The result that `result_to_json` made `data` of.

    Raises:
        ValueError: `data` is anything else: a key too many or too few, a wrong type, an outcome
            that does not exist.
    """
    result = from_json(SessionResult, data)
    assert isinstance(result, SessionResult)
    return result


def to_json(value: object) -> Json:
    """Plain JSON values for a dataclass, a tuple, or a scalar."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"no JSON for {type(value).__name__}")


def from_json(kind: Any, data: object, where: str = "$") -> Any:
    """The value of type `kind` that `data` stands for.

    Args:
        kind: a dataclass, or an annotation as dataclasses here use them.
        data: what `json.loads` gave.
        where: the place in the whole, for the message.

    Raises:
        ValueError: `data` does not fit.
    """
    while isinstance(kind, NewType):
        kind = kind.__supertype__
    if is_dataclass(kind):
        return _from_object(kind, data, where)
    origin = get_origin(kind)
    if origin is tuple:
        return _from_array(get_args(kind), data, where)
    if origin is Literal:
        return _checked(data, isinstance(data, str) and data in get_args(kind), kind, where)
    if origin in (Union, types.UnionType):
        return _from_union(get_args(kind), data, where)
    return _from_scalar(kind, data, where)


def _checked(data: object, fits: bool, kind: object, where: str) -> Any:
    if not fits:
        name = getattr(kind, "__name__", str(kind))
        raise ValueError(f"{where}: {name} expected, not {type(data).__name__}")
    return data


def _from_scalar(kind: Any, data: object, where: str) -> Any:
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        data = float(data)
    fits = type(data) is kind and not (isinstance(data, float) and not math.isfinite(data))
    return _checked(data, fits, kind, where)


def _from_array(kinds: tuple[Any, ...], data: object, where: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        return tuple(_checked(data, False, list, where))
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        kinds = (kinds[0],) * len(data)
    _checked(data, len(kinds) == len(data), f"list of {len(kinds)}", where)
    pairs = enumerate(zip(kinds, data, strict=True))
    return tuple(from_json(kind, item, f"{where}[{at}]") for at, (kind, item) in pairs)


def _from_union(kinds: tuple[Any, ...], data: object, where: str) -> Any:
    if data is None and type(None) in kinds:
        return None
    others = [kind for kind in kinds if kind is not type(None)]
    if len(others) == 1:
        return from_json(others[0], data, where)
    for kind in others:
        if isinstance(data, dict) and set(hints(kind)) == set(data):
            return from_json(kind, data, where)
    raise ValueError(f"{where}: none of {', '.join(kind.__name__ for kind in others)}")


def _from_object(kind: Any, data: object, where: str) -> Any:
    wanted = hints(kind)
    if not isinstance(data, dict) or set(data) != set(wanted):
        names = ", ".join(wanted)
        raise ValueError(f"{where}: an object with {names} expected for {kind.__name__}")
    values = {name: from_json(hint, data[name], f"{where}.{name}") for name, hint in wanted.items()}
    return kind(**values)


@functools.cache
def hints(kind: type) -> dict[str, Any]:
    """The annotations of a dataclass's fields, resolved, in their order."""
    resolved = get_type_hints(kind)
    return {field.name: resolved[field.name] for field in fields(kind)}
