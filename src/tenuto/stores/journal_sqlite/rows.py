"""Rows and index lines to SQL and back."""

import json
from collections.abc import Sequence
from typing import Final, cast

from tenuto.ports.integrity import checksum
from tenuto.ports.journal import Row, RunEntry

from .sql import Sql

INSERT_FACT: Final = "INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?)"
SELECT_FACTS: Final = "SELECT seq, type, at, crc, body FROM facts WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?"
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


def fact_row(run: str, row: Row) -> FactRow:
    at = float(row.at)
    return run, row.seq, row.type, at, checksum(run, row.seq, row.type, at, row.body), row.body


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
