"""Looking at runs from outside: watching one, and waiting for what becomes of it. Changes nothing."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

from tenuto.core.machine import NodeState, State, wait_for
from tenuto.hosts.local.history import History
from tenuto.hosts.local.residents import Residents
from tenuto.hosts.local.run import Run
from tenuto.hosts.local.services import Services
from tenuto.hosts.local.waiting import waits
from tenuto.hosts.local.watch import watch
from tenuto.ports.engine import Live, Outcome, Refused
from tenuto.ports.feed import Ask
from tenuto.ports.journal import RunEntry
from tenuto.sdk.errors import IN_TURN

ENDED = frozenset({"succeeded", "failed", "cancelled"})


class View:
    def __init__(self, services: Services, history: History, residents: Residents) -> None:
        self._services = services
        self._history = history
        self._residents = residents

    async def watch(self, run: str, after: int) -> AsyncIterator[Live]:
        if run not in self._residents and await self._history.entry(run) is None:
            raise _unknown(run)
        driver = self._residents.get(run)
        present = [] if driver is None else _present(driver)
        limit = self._services.options.watch_queue
        async for live in watch(self._services.hub, self._history, run, after, limit, present):
            yield live

    async def outcome(self, run: str, until: frozenset[str]) -> Outcome:
        """Listens first, then looks: an end in between is not missed."""
        future = self._services.hub.outcome(run, until)
        try:
            driver = self._residents.get(run)
            if driver is None or until or driver.state.ended is not None:
                known = await self._known(run, until)
                if known is not None:
                    return known
            return await future
        finally:
            future.cancel()

    async def _known(self, run: str, until: frozenset[str]) -> Outcome | None:
        entry = await self._history.entry(run)
        if entry is None:
            if run in self._residents:
                return None  # its first append is under way
            raise _unknown(run)
        if entry.status in ENDED:
            ended = await self.ended(run)
            return None if ended is None else ended[0]
        driver = self._residents.get(run)
        status = "waiting" if driver is not None and waits(self._residents, driver) else entry.status
        return Outcome(run, entry.name, status) if status in until else None

    def present(self, run: str) -> list[Live]:
        driver = self._residents.get(run)
        return [] if driver is None else _present(driver)

    def asks(self, run: str) -> list[Ask] | None:
        driver = self._residents.get(run)
        if driver is None:
            return None
        state = driver.state
        return [_ask(state, name, ns) for name, waiting in state.waiters.items() for ns in waiting]

    def child_waits(self, parent: str | None) -> None:
        """A child has come to wait: so may its parent have, and the parent's parent."""
        driver = None if parent is None else self._residents.get(parent)
        if driver is not None and waits(self._residents, driver):
            self._services.hub.became(driver.id, driver.entry.name, "waiting")
            self.child_waits(driver.entry.parent)

    async def standing(self, run: str, path: str) -> RunEntry | None:
        """The run's line in the index, if the node at the path has begun and has no outcome yet."""
        driver = self._residents.get(run)
        entry = await self._history.entry(run) if driver is None else driver.entry
        if entry is None or entry.status in ENDED:
            return None
        if driver is not None:
            return entry if _is_open(driver.state, path) else None
        loaded = await self._history.load(run, entry)
        return entry if loaded is not None and _is_open(loaded.state, path) else None

    async def ended(self, run: str) -> tuple[Outcome, Mapping[str, float]] | None:
        """How a run ended and what it used; None if it has not, or does not exist."""
        if run in self._residents:
            return None
        entry = await self._history.entry(run)
        if entry is None or entry.status not in ENDED:
            return None
        loaded = await self._history.load(run, entry)
        if loaded is None or loaded.state.outcome is None:
            return None
        status, output, error = loaded.state.outcome
        return Outcome(run, entry.name, status, output, error), loaded.state.usage


def _is_open(state: State, path: str) -> bool:
    ns = state.nodes.get(path)
    return state.ended is None and ns is not None and not ns.settled


def _present(driver: Run) -> list[Live]:
    """Attempts that run, and what they have said since they last recorded something."""
    begun = {path: each.shown() for path, each in driver.attempts.items() if each.started_at}
    return [*(Live(driver.id, "running", path, data=shown) for path, shown in begun.items()), *_spoken(driver)]


def _spoken(driver: Run) -> list[Live]:
    said = {path: each.context.spoken for path, each in driver.attempts.items() if each.context is not None}
    return [Live(driver.id, "delta", path, data=delta) for path, deltas in said.items() for delta in deltas]


def _ask(state: State, name: str, ns: NodeState) -> Ask:
    timer, awaits = state.timers.get(ns.path), wait_for(ns, name) or {}
    since, due = awaits.get("since", 0.0), awaits.get("due", timer.due if timer and not ns.node.is_library else None)
    if ns.node.use == "approval":
        return Ask(ns.path, name, "approval", since, due, dict(ns.input or {}))
    asked = cast("dict[str, Any]", awaits.get("ask"))
    if isinstance(asked, dict) and asked.get("kind") != IN_TURN:  # pyright: ignore[reportUnnecessaryIsInstance] # JSON
        return Ask(ns.path, name, "approval", since, due, dict(asked))
    return Ask(ns.path, name, "signal", since, due)


def _unknown(run: str) -> Refused:
    return Refused("not_found", f"there is no run `{run}`")
