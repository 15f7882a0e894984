"""Questions to the index of runs, as SQL. What a user gave is bound, never written into the text."""

from collections.abc import Sequence
from typing import Final

from tenuto.ports.journal import RunQuery

from .rows import COLUMNS
from .sql import Sql

AGE_OF: Final = "SELECT created_at, id FROM runs WHERE id = ? AND (? IS NULL OR tenant = ?)"

_LAST_CHARACTER: Final = "\U0010ffff"
_LABELLED: Final = "labels <> '{}'"  # as in the index of those that have any
_LABEL: Final = "EXISTS (SELECT 1 FROM json_each(labels) WHERE key = ? AND value = ?)"

_Condition = tuple[str, Sequence[Sql]]


def listing(query: RunQuery, age: tuple[Sql, Sql] | None = None) -> tuple[str, list[Sql]]:
    """The statement and what is bound to it. `age`: of the run that the page goes on after."""
    conditions = [*_columns(query), *_status(query), *_name(query), *_labels(query), *_times(query)]
    if age is not None:
        conditions.append(("(created_at, id) < (?, ?)", age))
    where = " AND ".join(text for text, _ in conditions) or "TRUE"
    statement = f"SELECT {COLUMNS} FROM runs WHERE {where} ORDER BY created_at DESC, id DESC LIMIT ?"  # noqa: S608  # constants only
    return statement, [*(value for _, values in conditions for value in values), query.limit]


def _columns(query: RunQuery) -> list[_Condition]:
    wanted = {"tenant": query.tenant, "stage": query.stage, "flow": query.flow, "parent": query.parent}
    return [(f"{column} = ?", (value,)) for column, value in wanted.items() if value is not None]


def _status(query: RunQuery) -> list[_Condition]:
    if query.statuses is None:
        return []
    return [(f"status IN ({', '.join('?' * len(query.statuses))})", sorted(query.statuses))]


def _name(query: RunQuery) -> list[_Condition]:
    if query.name is None:
        return []
    return [("(name = ? OR (id >= ? AND id < ?))", (query.name, query.name, query.name + _LAST_CHARACTER))]


def _labels(query: RunQuery) -> list[_Condition]:
    if not query.labels:
        return []
    return [(_LABELLED, ()), *((_LABEL, label) for label in query.labels.items())]


def _times(query: RunQuery) -> list[_Condition]:
    bounds = {
        "created_at >= ?": query.created_after,
        "created_at < ?": query.created_before,
        "ended_at >= ?": query.ended_after,
        "ended_at < ?": query.ended_before,
    }
    return [(condition, (moment,)) for condition, moment in bounds.items() if moment is not None]
