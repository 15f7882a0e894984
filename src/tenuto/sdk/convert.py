"""The Python objects that authors return, one step nearer to JSON. The walk in `values.py` asks and goes on with the answer.

Dates are RFC 3339, UTC as `Z`; sets, tuples become lists; bytes base64. What is not named here pydantic decides, or nobody.
"""

from __future__ import annotations

import base64
import dataclasses
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, cast
from uuid import UUID

from tenuto.core.values import NotJson


def step_towards_json(value: Any) -> Any:
    """One step towards JSON; the walk goes on with what this gives."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (str, int, float)):  # subclasses, such as numpy's float64
        return _plain_base(value)
    if isinstance(value, (tuple, set, frozenset)):
        return list(cast("tuple[Any, ...]", value))
    if isinstance(value, (datetime, date, time)):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, (UUID, Decimal, PurePath)):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode("ascii")  # as expressions say bytes; pydantic has the other alphabet
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(cast("Mapping[Any, Any]", value))
    if isinstance(value, Iterator):
        raise NotJson(f"is {_a(value)}, which can be read only once; return a list")
    return _by_pydantic(value)


def _plain_base(value: str | float) -> Any:
    if isinstance(value, str):
        return str(value)
    return int(value) if isinstance(value, int) else float(value)


def _by_pydantic(value: Any) -> Any:
    """Models and whatever else pydantic can write: time spans, addresses ..."""
    dump = getattr(value, "model_dump", None)
    if callable(dump) and "pydantic" in sys.modules:
        return _dumped(lambda: dump(mode="json", by_alias=True), value)
    from pydantic_core import to_jsonable_python  # heavy, and seldom needed

    return _dumped(lambda: to_jsonable_python(value, bytes_mode="base64", inf_nan_mode="constants"), value)


def _dumped(dump: Callable[[], Any], value: Any) -> Any:
    try:
        return dump()
    except Exception as error:  # noqa: BLE001  a user's serialiser may raise anything; all of it means "no JSON"
        detail = str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
        raise NotJson(f"is {_a(value)}, which cannot be written as JSON: {detail}") from None


def _a(value: Any) -> str:
    kind = type(cast("object", value))
    return f"a {kind.__module__}.{kind.__qualname__}".replace("a builtins.", "a ")
