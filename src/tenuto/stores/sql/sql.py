"""How the nouns speak to the database: statements in, records out. A record has a column for each of its fields."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Column, ColumnElement, Executable, Row, Select, Table, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection

from tenuto.ports.records import BadCursor, Page
from tenuto.stores.sql.errors import translated

MOST: Final = 1_000  # rows of a page, whatever is asked for

Kind = TypeVar("Kind")
Insert = sqlite.Insert | postgresql.Insert


def selected(kind: type[Any], table: Table) -> Select[Any]:
    """The columns that a record of this kind has, in the order of its fields."""
    return select(*(table.c[field.name] for field in fields(kind)))


class Sql:
    """One connection in one transaction."""

    __slots__ = ("_connection", "_writing")

    def __init__(self, connection: AsyncConnection, *, writing: bool) -> None:
        self._connection = connection
        self._writing = writing

    @property
    def is_postgres(self) -> bool:
        return self._connection.dialect.name == "postgresql"

    @property
    def writing(self) -> bool:
        return self._writing

    # --- reading

    async def all(self, kind: type[Kind], statement: Select[Any]) -> list[Kind]:
        with translated():
            rows = (await self._connection.execute(statement)).all()
        return [_record(kind, row) for row in rows]

    async def first(self, kind: type[Kind], statement: Select[Any], *, hold: bool = False) -> Kind | None:
        """`hold`: in a writing transaction nobody else changes it until the end. (SQLite has one writer at a time.)"""
        if hold and self._writing:
            statement = statement.with_for_update(key_share=True)
        with translated():
            row = (await self._connection.execute(statement)).first()
        return None if row is None else _record(kind, row)

    async def value(self, statement: Executable) -> Any:
        """The first column of the first row, or None."""
        with translated():
            return (await self._connection.execute(statement)).scalar()

    async def column(self, statement: Executable) -> Sequence[Any]:
        """The first column of every row."""
        with translated():
            return (await self._connection.execute(statement)).scalars().all()

    async def page(
        self,
        kind: type[Kind],
        statement: Select[Any],
        by: Sequence[Column[Any]],
        *,
        limit: int,
        cursor: str | None,
        falling: bool = False,
    ) -> Page[Kind]:
        """Items in the order of the columns `by`, which must be unique and be fields of the record."""
        limit = min(max(limit, 1), MOST)
        if cursor is not None:
            statement = statement.where(_beyond(by, _read_cursor(cursor, by), falling=falling))
        order = [column.desc() if falling else column.asc() for column in by]
        found = await self.all(kind, statement.order_by(*order).limit(limit + 1))
        if len(found) <= limit:
            return Page(found)
        last = found[limit - 1]
        return Page(found[:limit], make_cursor([getattr(last, column.name) for column in by]))

    # --- writing

    async def run(self, statement: Executable) -> int:
        """How many rows it touched."""
        with translated():
            return cast("CursorResult[Any]", await self._connection.execute(statement)).rowcount

    async def insert(self, table: Table, record: Any) -> None:
        await self.run(table.insert().values(values_of(record)))

    async def put(self, table: Table, record: Any) -> None:
        """Insert it, or change the row of the same key."""
        values = values_of(record)
        keys = {column.name for column in table.primary_key}
        rest = {name: value for name, value in values.items() if name not in keys}
        await self.run(self.insertion(table).values(values).on_conflict_do_update(index_elements=[*keys], set_=rest))

    def insertion(self, table: Table) -> Insert:
        """An insert that can say `on_conflict`: spelled alike, but each dialect has its own."""
        return postgresql.insert(table) if self.is_postgres else sqlite.insert(table)


def values_of(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def make_cursor(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, by: Sequence[Column[Any]]) -> list[Any]:
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise _bad_cursor() from None
    if not isinstance(values, list):
        raise _bad_cursor()
    given = cast("list[Any]", values)
    if len(given) != len(by) or any(
        type(value) is not column.type.python_type for value, column in zip(given, by, strict=True)
    ):
        raise _bad_cursor()
    return given


def _bad_cursor() -> BadCursor:
    return BadCursor("this cursor is not one that a page of this list gave: leave it out to begin again")


def _beyond(by: Sequence[Column[Any]], values: Sequence[Any], *, falling: bool) -> ColumnElement[bool]:
    if len(by) == 1:
        return by[0] < values[0] if falling else by[0] > values[0]
    here, there = tuple_(*by), tuple_(*values, types=[column.type for column in by])
    return here < there if falling else here > there


def _record(kind: type[Kind], row: Row[Any]) -> Kind:
    return kind(**{field.name: value for field, value in zip(fields(cast("type[Any]", kind)), row, strict=True)})
