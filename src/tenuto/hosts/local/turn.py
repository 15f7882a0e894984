"""One append of a run, and the line of the index that goes with it."""

from typing import Any

from tenuto.core.commands import Command
from tenuto.core.events import Fact
from tenuto.hosts.local.owner import Ack
from tenuto.ports.journal import RunEntry

Said = tuple[Any, Ack | None]  # an `Input`, and who wants to know when it is durable


class Turn:
    """What was said, what follows from it, and what is to be done when it is durable."""

    __slots__ = ("commands", "facts", "first", "said", "status")

    def __init__(self, said: list[Said], facts: list[Fact], commands: list[Command], first: int) -> None:
        self.said = said
        self.facts = facts
        self.commands = commands
        self.first = first  # seq of the first fact
        self.status: str | None = None


def changed(entry: RunEntry, status: str, ended_at: float | None) -> RunEntry:
    """A new line for the index: the old one may be on its way to the disk in another thread."""
    return RunEntry(
        entry.id,
        entry.name,
        entry.flow,
        entry.document,
        status,
        entry.created_at,
        ended_at,
        entry.tenant,
        entry.stage,
        entry.parent,
        entry.origin,
        entry.labels,
    )
