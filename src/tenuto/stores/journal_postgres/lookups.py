"""Questions to the index of runs, as SQL. What a user gave is bound, never written into the text."""

from typing import Final

from tenuto.ports.journal import RunQuery

from .rows import COLUMNS, labels_of, tags_of, text

_BEYOND: Final = b"\xff"  # after every continuation: no UTF-8 has this byte


class Listing:
    """A statement that grows condition by condition, with what is bound to it."""

    def __init__(self, query: RunQuery) -> None:
        self.bound: list[object] = []
        self._conditions: list[str] = []
        self._same(query)
        self._alike(query)
        self._in_time(query)
        if query.cursor is not None:
            created_at, run = query.cursor
            self._add("(created_at, id) < ({}, {})", created_at, text(run))
        self._limit = self._bind(query.limit)

    @property
    def statement(self) -> str:
        where = " AND ".join(self._conditions) or "TRUE"
        return (
            f"SELECT {COLUMNS} FROM tenuto_journal.runs WHERE {where}"  # noqa: S608  # constants only
            f" ORDER BY created_at DESC, id DESC LIMIT {self._limit}"
        )

    def _same(self, query: RunQuery) -> None:
        wanted = {"tenant": query.tenant, "stage": query.stage, "flow": query.flow, "parent": query.parent}
        for column, value in wanted.items():
            if value is not None:
                self._add(f"{column} = {{}}", text(value))

    def _alike(self, query: RunQuery) -> None:
        if query.statuses is not None:
            self._add("status = ANY({}::text[])", sorted(query.statuses))
        if query.name is not None:
            name = text(query.name)
            self._add("(name = {} OR (id >= {} AND id < {}))", name, name, name + _BEYOND)
        if query.labels:
            labels = labels_of(query.labels)
            self._add("tags <> '{{}}' AND tags @> {}::text[] AND labels @> {}::text[]", tags_of(labels), labels)

    def _in_time(self, query: RunQuery) -> None:
        bounds = {
            "created_at >= {}": query.created_after,
            "created_at < {}": query.created_before,
            "ended_at >= {}": query.ended_after,
            "ended_at < {}": query.ended_before,
        }
        for condition, moment in bounds.items():
            if moment is not None:
                self._add(condition, float(moment))

    def _add(self, condition: str, *values: object) -> None:
        self._conditions.append(condition.format(*map(self._bind, values)))

    def _bind(self, value: object) -> str:
        self.bound.append(value)
        return f"${len(self.bound)}"
