"""The approvals that wait for an answer, over all runs: kept in memory as runs change, so that a list reads no journal.

Fed by what the host tells. A run that is taken over when the server starts is told of too, so the index is whole again
as soon as recovery is.
"""

import asyncio
from bisect import bisect_right, insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from tenuto.ports.feed import Ask, Feed
from tenuto.ports.journal import RunEntry
from tenuto.service.projection import ENDED
from tenuto.service.refusals import Refused
from tenuto.service.runs import moment

Json = object
Place = tuple[float, str, str]  # when it was asked, the run, the name of the signal that answers

MOMENT: Final = 0.02  # seconds in which the changes of a run are gathered


@dataclass(slots=True, frozen=True)
class Waiting:
    """One approval that waits."""

    entry: RunEntry
    ask: Ask

    @property
    def place(self) -> Place:
        return self.ask.since, self.entry.id, self.ask.name

    @property
    def assignees(self) -> list[Json]:
        said = self.ask.ask.get("assignees")
        return cast("list[Json]", said) if isinstance(said, list) else []


@dataclass(slots=True, frozen=True)
class Wanted:
    """What a page of the inbox shows; everything that is asked for must hold."""

    tenant: str
    assignee: str | None = None
    flow: str | None = None
    run: str | None = None

    def takes(self, waiting: Waiting) -> bool:
        entry = waiting.entry
        return (
            entry.tenant == self.tenant
            and self.flow in (None, entry.flow)
            and self.run in (None, entry.id, entry.name)
            and (self.assignee is None or self.assignee in waiting.assignees)
        )


@dataclass(slots=True)
class Inbox:
    """What was asked first comes first."""

    feed: Feed
    _items: dict[Place, Waiting] = field(default_factory=dict[Place, Waiting])
    _order: list[Place] = field(default_factory=list[Place])
    _of_run: dict[str, list[Place]] = field(default_factory=dict[str, list[Place]])
    _changed: dict[str, RunEntry] = field(default_factory=dict[str, RunEntry])
    _gathering: asyncio.TimerHandle | None = None

    def __post_init__(self) -> None:
        self.feed.observe(self._told)

    def page(self, wanted: Wanted, *, limit: int = 50, cursor: str | None = None) -> tuple[list[Waiting], str | None]:
        """The items, and the cursor of the page that follows, if one does."""
        self._look()
        found: list[Waiting] = []
        for place in self._order[self._after(cursor) :]:
            if wanted.takes(self._items[place]):
                if len(found) == limit:
                    return found, _cursor(found[-1])
                found.append(self._items[place])
        return found, None

    def waits(self, run: str, name: str) -> Waiting | None:
        """The approval of that run and name, if it waits."""
        self._look()
        places = self._of_run.get(run, ())
        return next((self._items[place] for place in places if place[2] == name), None)

    def _told(self, entry: RunEntry, asks: bool) -> None:  # noqa: FBT001  the port's
        if entry.status in ENDED:
            self._changed.pop(entry.id, None)
            self._forget(entry.id)
        elif asks and entry.id not in self._of_run:
            self._read(entry)
        elif asks or entry.id in self._of_run:
            self._changed[entry.id] = entry
            if self._gathering is None:
                self._gathering = asyncio.get_running_loop().call_later(MOMENT, self._look)

    def _look(self) -> None:
        """A run with thousands of open questions changes often: it is read once for many changes."""
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        changed, self._changed = self._changed, {}
        for entry in changed.values():
            self._read(entry)

    def _read(self, entry: RunEntry) -> None:
        asks = self.feed.asks(entry.id)
        if asks is None:
            return  # it has left memory, so nothing has changed since it was read
        self._forget(entry.id)
        for ask in asks:
            if ask.kind == "approval":
                self._add(Waiting(entry, ask))

    def _add(self, waiting: Waiting) -> None:
        if waiting.place not in self._items:
            insort(self._order, waiting.place)
            self._of_run.setdefault(waiting.entry.id, []).append(waiting.place)
        self._items[waiting.place] = waiting

    def _forget(self, run: str) -> None:
        for place in self._of_run.pop(run, ()):
            del self._items[place]
            self._order.pop(bisect_right(self._order, place) - 1)

    def _after(self, cursor: str | None) -> int:
        if cursor is None:
            return 0
        since, _, rest = cursor.partition("~")
        run, _, name = rest.partition("~")
        try:
            return bisect_right(self._order, (float(since), run, name))
        except ValueError:
            raise Refused("malformed", "this `cursor` was not given by a page of this list") from None


def waiting_json(waiting: Waiting) -> dict[str, Json]:
    entry, asked = waiting.entry, waiting.ask.ask
    return {
        "run": entry.id,
        "name": entry.name,
        "flow": entry.flow,
        "stage": entry.stage,
        "parent": entry.parent,
        "path": waiting.ask.name,
        "question": asked.get("question"),
        "show": asked.get("show"),
        "form": asked.get("form"),
        "assignees": waiting.assignees,
        "due": moment(waiting.ask.due),
        "created_at": moment(waiting.ask.since),
        "labels": dict(entry.labels),
        **_more(asked),
    }


def _more(asked: Mapping[str, Json]) -> dict[str, Json]:
    """What a node that asks says beside the usual words."""
    more = {key: value for key, value in asked.items() if key not in ("question", "show", "form", "assignees")}
    return {"ask": more} if more else {}


def _cursor(waiting: Waiting) -> str:
    since, run, name = waiting.place
    return f"{since!r}~{run}~{name}"
