"""What an agent may spend, itself and all agents that it calls: money, tokens, turns.

At the limit nothing is lost: the node waits, and a person gives more or ends it (`budget:N`). A question whose answer is on
record is never held up, for it has been paid.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from tenuto.sdk.agents.messages import Usage
from tenuto.sdk.context import Context
from tenuto.sdk.errors import NodeError, Suspended

UNITS: Final = ("usd", "tokens", "turns")
_NAMED: Final = {"usd": "dollars", "tokens": "tokens", "turns": "turns"}


class Stopped(NodeError):
    """A person ended an agent at its limit. `ledger`: whose limit it was."""

    def __init__(self, ledger: "Ledger", message: str) -> None:
        super().__init__(message, type="budget", retry=False)
        self.ledger = ledger


class Ledger:
    """Of one agent at work. `above`: of the agent that called it, which pays too; turns are its own alone."""

    def __init__(
        self, agent: str, ctx: Context, limits: Mapping[str, float], *, turns: int, above: "Ledger | None" = None
    ) -> None:
        self._agent = agent
        self._ctx = ctx
        self._first: dict[str, float] = {**{unit: limits[unit] for unit in UNITS if unit in limits}, "turns": turns}
        self.limits = dict(self._first)
        self._above = above
        self._pauses = 0
        self._waits: Suspended | None = None  # while a person is asked
        self.used: dict[str, float] = dict.fromkeys(UNITS, 0)

    def spend(self, usage: Usage | Mapping[str, Any]) -> bool:
        """One question to a model, or what a tool says that it cost. False if a budget in dollars cannot see it."""
        for ledger in self.line():
            for unit in ("usd", "tokens"):
                ledger.used[unit] += cast("Mapping[str, Any]", usage).get(unit) or 0
        return "usd" in usage or not any("usd" in ledger.limits for ledger in self.line())

    def turn(self) -> None:
        self.used["turns"] += 1

    async def allow(self) -> None:
        """Returns when there is something left, for this agent and all that called it. Waits for a person where there is not."""
        for ledger in self.line():
            while (unit := ledger.over) is not None:
                await ledger.more(unit)

    @property
    def over(self) -> str | None:
        """The unit of which nothing is left."""
        return next((unit for unit, limit in self.limits.items() if self.used[unit] >= limit), None)

    async def more(self, unit: str) -> None:
        """Wait for a person, who gives more or ends it."""
        if self._waits is not None:  # another agent that it pays for has asked already: one answer is for all of them
            raise self._waits
        self._pauses += 1
        try:
            answer = await self._ctx.suspend(f"budget:{self._pauses}", ask=self._ask(unit))
        except Suspended as wait:
            self._waits = wait
            raise
        added = _added(cast("dict[str, Any]", answer).get("signal"), self._first)
        if added is None:
            raise Stopped(self, f"{self._agent} was ended at its limit of {self._limit(unit)}")
        for key, amount in added.items():
            if key in self.limits:
                self.limits[key] += amount

    def _ask(self, unit: str) -> dict[str, Any]:
        return {
            "kind": "budget",
            "question": f"{self._agent} has used {self._spent(unit)}. May it go on?",
            "agent": self._agent,
            "over": unit,
            "used": {unit: self.used[unit] for unit in self.limits},
            "limit": dict(self.limits),
            "answers": [{"add": {unit: self._first[unit]}}, {"stop": True}],
        }

    def _spent(self, unit: str) -> str:
        """`all of its 8 turns`, `1,500 of its 1,200 tokens`."""
        used, limit = self.used[unit], self.limits[unit]
        return f"{'all' if used == limit else _amount_of(used)} of its {self._limit(unit)}"

    def _limit(self, unit: str) -> str:
        return f"{_amount_of(self.limits[unit])} {_NAMED[unit]}"

    def line(self) -> "Iterator[Ledger]":
        """Itself, and those of its callers."""
        ledger: Ledger | None = self
        while ledger is not None:
            yield ledger
            ledger = ledger._above  # noqa: SLF001  of its own kind


def _added(said: Any, first: Mapping[str, float]) -> dict[str, float] | None:
    """What a person gives; None to end it. A plain yes gives as much again as there was at first."""
    if not isinstance(said, dict):
        return dict(first) if said is True else None
    answer = cast("dict[str, Any]", said)
    if answer.get("stop") is True or answer.get("approved") is False:
        return None
    add = answer.get("add")
    if isinstance(add, dict):
        given = cast("dict[str, Any]", add)
        return {unit: given[unit] for unit in UNITS if _amount(given.get(unit))}
    return dict(first) if answer.get("approved") is True else None


def _amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _amount_of(value: float) -> str:
    """`0.52`, `1,500`: as a person writes it."""
    return f"{value:,.4f}".rstrip("0").rstrip(".")
