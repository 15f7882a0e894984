"""Questions to the index of runs, as SQL. What a user gave is bound, never written into the text."""

from collections.abc import Sequence
from typing import Final

from tenuto.ports.journal import RunQuery

from .rows import COLUMNS
from .sql import Sql

_UNFINISHED: Final = frozenset({"queued", "running", "waiting"})
_LAST_CHARACTER: Final = "\U0010ffff"
_LABELLED: Final = "labels <> '{}'"  # as in the index of those that have any
_LABEL: Final = "EXISTS (SELECT 1 FROM json_each(labels) WHERE key = ? AND value = ?)"

_WHOLE_ID: Final = 26
# By their own indexes, and first: the planner would rather walk all runs of a tenant in their order.
_FEW: Final = (
    f"WITH found AS MATERIALIZED (SELECT {COLUMNS} FROM runs WHERE name = ?"  # noqa: S608  # constants only
    f" UNION SELECT {COLUMNS} FROM runs WHERE id >= ? AND id < ?) "
)

_Condition = tuple[str, Sequence[Sql]]


def listing(query: RunQuery) -> tuple[str, list[Sql]]:
    """The statement and what is bound to it."""
    few = query.name is not None and not _begins_many(query.name)
    source, first = (_FEW, [query.name, query.name, f"{query.name}{_LAST_CHARACTER}"]) if few else ("", [])
    conditions = [*_columns(query), *_status(query), *([] if few else _name(query)), *_labels(query), *_times(query)]
    if query.cursor is not None:
        conditions.append(("(created_at, id) < (?, ?)", query.cursor))
    where = " AND ".join(text for text, _ in conditions) or "TRUE"
    statement = f"{source}SELECT {COLUMNS} FROM {'found' if few else 'runs'} WHERE {where} ORDER BY created_at DESC, id DESC LIMIT ?"  # noqa: S608  # constants only
    return statement, [*first, *(value for _, values in conditions for value in values), query.limit]


def _begins_many(name: str) -> bool:
    """Whether the ids of many runs may begin so: ids begin with their time, and that with a nought for long."""
    return not name or (name[0] == "0" and len(name) < _WHOLE_ID)


def _columns(query: RunQuery) -> list[_Condition]:
    """A `+` keeps SQLite from the index of a column that more runs share than another one that is asked for."""
    wanted = {"tenant": query.tenant, "stage": query.stage, "flow": query.flow, "parent": query.parent}
    shared = set[str]()
    if query.flow is not None:
        few = query.statuses is not None and query.statuses <= _UNFINISHED
        shared = {"tenant", "flow"} if few else {"tenant"}
    given = [(column, value) for column, value in wanted.items() if value is not None]
    return [(f"{'+' if column in shared else ''}{column} = ?", (value,)) for column, value in given]


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
