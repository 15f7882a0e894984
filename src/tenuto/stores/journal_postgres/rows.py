"""Facts, index lines and blobs as the arrays of one statement, and lines of a result back to what they were."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

from tenuto.ports.integrity import checksum
from tenuto.ports.journal import Row, RunEntry, Write

from .sql import Line

# One append, whole or not at all. Each part is empty unless the epoch is still the writer's: the row of `meta` is locked
# until the commit, and who owns the journal next has to change it first.
# What a run was created with never changes, so the indexes by name, parent and age are left alone.
APPEND: Final = """
WITH fence AS (
    UPDATE tenuto_journal.meta SET commits = commits + 1 WHERE epoch = $1 RETURNING commits
), new_facts AS (
    INSERT INTO tenuto_journal.facts
    SELECT * FROM unnest($2::bytea[], $3::bigint[], $4::text[], $5::float8[], $6::bigint[], $7::bytea[])
    WHERE EXISTS (SELECT FROM fence)
), new_entries AS (
    INSERT INTO tenuto_journal.runs
    SELECT id, name, flow, document, status, created_at, ended_at, tenant, stage, parent, origin,
        string_to_array(labels, E'\\n'), string_to_array(tags, ' ')
    FROM unnest($8::bytea[], $9::bytea[], $10::bytea[], $11::text[], $12::text[], $13::float8[], $14::float8[],
        $15::bytea[], $16::bytea[], $17::bytea[], $18::bytea[], $19::text[], $20::text[])
        AS given (id, name, flow, document, status, created_at, ended_at, tenant, stage, parent, origin, labels, tags)
    WHERE EXISTS (SELECT FROM fence)
    ON CONFLICT (id) DO UPDATE SET flow = excluded.flow, document = excluded.document, status = excluded.status,
        ended_at = excluded.ended_at, tenant = excluded.tenant, stage = excluded.stage, origin = excluded.origin,
        labels = excluded.labels, tags = excluded.tags
), new_blobs AS (
    INSERT INTO tenuto_journal.blobs SELECT * FROM unnest($21::text[], $22::bytea[])
    WHERE EXISTS (SELECT FROM fence) ON CONFLICT DO NOTHING
), new_owners AS (
    INSERT INTO tenuto_journal.owners SELECT * FROM unnest($23::text[], $24::bytea[])
    WHERE EXISTS (SELECT FROM fence) ON CONFLICT DO NOTHING
)
SELECT commits FROM fence
"""
SELECT_FACTS: Final = """
SELECT seq, type, at, crc, body, (SELECT ended_at FROM tenuto_journal.runs WHERE id = $1) IS NOT NULL
FROM tenuto_journal.facts WHERE run = $1 AND seq > $2 ORDER BY seq LIMIT $3
"""
LAST_FACTS: Final = """
SELECT given.run, last.seq, last.type FROM unnest($1::bytea[]) AS given (run), LATERAL (
    SELECT seq, type FROM tenuto_journal.facts WHERE facts.run = given.run ORDER BY seq DESC LIMIT 1
) AS last
"""
COLUMNS: Final = "id, name, flow, document, status, created_at, ended_at, tenant, stage, parent, origin, labels"
_ENTRY_WIDTH: Final = 13


def text(value: str) -> bytes:
    """A text as it is kept: any text, with NULs and halves of surrogate pairs."""
    return value.encode("utf-8", "surrogatepass")


def of_text(value: bytes) -> str:
    return value.decode("utf-8", "surrogatepass")


def arguments(epoch: int, writes: Sequence[Write]) -> list[object]:
    """What is bound to `APPEND`. Of several lines for one run the last holds."""
    facts = [_fact(text(write.run), write.run, row) for write in writes for row in write.rows]
    entries = {write.entry.id: _entry(write.entry) for write in writes if write.entry is not None}
    blobs = {name: content for write in writes for name, content in write.blobs}
    owners = dict.fromkeys((name, text(write.run)) for write in writes for name, _ in write.blobs)
    return [
        epoch,
        *_columns(facts, 6),
        *_columns(entries.values(), _ENTRY_WIDTH),
        *_columns(blobs.items(), 2),
        *_columns(owners, 2),
    ]


def size_of(write: Write) -> int:
    """Bytes, roughly."""
    return sum(len(row.body) for row in write.rows) + sum(len(content) for _, content in write.blobs)


def entry_of(line: Line) -> RunEntry:
    id_, name, flow, document, status, created_at, ended_at, tenant, stage, parent, origin, labels = line
    return RunEntry(
        of_text(id_),
        of_text(name),
        of_text(flow),
        document,
        status,
        created_at,
        ended_at,
        of_text(tenant),
        of_text(stage),
        None if parent is None else of_text(parent),
        None if origin is None else of_text(origin),
        dict(json.loads(label) for label in labels),
    )


def labels_of(labels: Mapping[str, str]) -> list[str]:
    """Each as ASCII without control characters: JSON escapes the others."""
    return [json.dumps([name, value]) for name, value in labels.items()]


def tags_of(labels: Iterable[str]) -> list[str]:
    return [hashlib.sha256(label.encode()).hexdigest()[:32] for label in labels]


def _fact(key: bytes, run: str, row: Row) -> tuple[object, ...]:
    at = float(row.at)
    return key, row.seq, row.type, at, checksum(run, row.seq, row.type, at, row.body), row.body


def _entry(entry: RunEntry) -> tuple[object, ...]:
    labels = labels_of(entry.labels)
    return (
        text(entry.id),
        text(entry.name),
        text(entry.flow),
        entry.document,
        entry.status,
        float(entry.created_at),
        None if entry.ended_at is None else float(entry.ended_at),
        text(entry.tenant),
        text(entry.stage),
        None if entry.parent is None else text(entry.parent),
        None if entry.origin is None else text(entry.origin),
        "\n".join(labels),
        " ".join(tags_of(labels)),
    )


def _columns(lines: Iterable[tuple[object, ...]], width: int) -> list[Sequence[object]]:
    return cast("list[Sequence[object]]", list(zip(*lines, strict=True))) or [()] * width
