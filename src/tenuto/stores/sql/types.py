"""Columns that mean the same on every database. What cannot be kept is refused here, in the same words everywhere."""

import json
from collections.abc import Sequence
from typing import Any, Final, cast

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from tenuto.ports.engine import Refused

# In the order of code points on every database, whatever its locale: pages rely on it.
BY_CODE_POINT: Final = Text().with_variant(Text(collation="C"), "postgresql")


class Words(TypeDecorator[str]):
    """Text. PostgreSQL keeps no NUL and nobody keeps half a surrogate pair."""

    impl = Text
    cache_ok = True

    @property
    def python_type(self) -> type[str]:
        return str

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(BY_CODE_POINT)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        if value is not None and ("\0" in value or not _encodes(value)):
            raise Refused("invalid", "text with a NUL character or half a surrogate pair cannot be kept", "take it out")
        return value


class Json(TypeDecorator[Any]):
    """Any JSON value, as text: what came in comes out, numbers and odd characters included."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(BY_CODE_POINT)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        del dialect
        try:
            return json.dumps(value, allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError) as error:
            raise Refused("invalid", f"this is not JSON: {error}") from None

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        del dialect
        return None if value is None else json.loads(value)


class Names(TypeDecorator[tuple[str, ...]]):
    """A tuple of names."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(BY_CODE_POINT)

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> str:
        del dialect
        return json.dumps(list(value or ()))

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        del dialect
        return tuple(cast("list[str]", json.loads(value or "[]")))


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
