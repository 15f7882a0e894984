"""Rows and index lines to SQL and back, each checked as it is read."""

import json
import zlib
from collections.abc import Iterable, Sequence
from typing import Final, cast

from tenuto.ports.journal import Damaged, Row, RunEntry

from .sql import Sql

INSERT_FACT: Final = "INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?)"
SELECT_FACTS: Final = "SELECT seq, type, at, crc, body FROM facts WHERE run = ? AND seq > ? ORDER BY seq"
LAST_FACT: Final = "SELECT seq, type FROM facts WHERE run = ? ORDER BY seq DESC LIMIT 1"
COLUMNS: Final = "id, name, flow, document, status, created_at, ended_at, tenant, stage, parent, origin, labels"
# What a run was created with never changes, so the indexes by name, parent and age are left alone.
PUT_ENTRY: Final = (
    "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET flow = excluded.flow, document = excluded.document, status = excluded.status,"
    " ended_at = excluded.ended_at, tenant = excluded.tenant, stage = excluded.stage, origin = excluded.origin,"
    " labels = excluded.labels"
)

FactRow = tuple[str, int, str, float, int, bytes]
_Fact = tuple[int, str, float, int, bytes]


def fact_row(run: str, row: Row) -> FactRow:
    at = float(row.at)
    return run, row.seq, row.type, at, checksum(run, row.seq, row.type, at, row.body), row.body


def checksum(run: str, seq: int, type_: str, at: float, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(f"{run}\n{seq}\n{type_}\n{at!r}".encode()))


def checked(run: str, after: int, found: Iterable[Sequence[Sql]]) -> list[Row]:
    """The facts that follow `after`, gapless and as they were written, or `Damaged`."""
    rows: list[Row] = []
    for due, (seq, type_, at, crc, body) in enumerate(cast("Iterable[_Fact]", found), after + 1):
        if seq != due:
            raise damaged(run, f"fact {due} is missing")
        if checksum(run, seq, type_, at, body) != crc:
            raise damaged(run, f"fact {seq} is not what was written")
        rows.append(Row(seq, type_, at, body))
    return rows


def damaged(run: str, what: str) -> Damaged:
    return Damaged(
        f"The journal of the run {run} is damaged: {what}. Restore a backup; `tenuto doctor` shows the extent."
    )


def entry_row(entry: RunEntry) -> tuple[Sql, ...]:
    return (
        entry.id,
        entry.name,
        entry.flow,
        entry.document,
        entry.status,
        entry.created_at,
        entry.ended_at,
        entry.tenant,
        entry.stage,
        entry.parent,
        entry.origin,
        json.dumps(dict(entry.labels)) if entry.labels else "{}",
    )


def entry_of(row: Sequence[Sql]) -> RunEntry:
    *columns, labels = row
    return RunEntry(*columns, labels=json.loads(cast("str", labels)))  # type: ignore[arg-type]  # STRICT columns
