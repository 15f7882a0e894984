"""Who is connected, by WebSocket or to a stream of events: tickets to come in with, and how many connections each has.

A ticket is for a browser, which cannot send a header: it is asked for with the credential, holds for one connection
within half a minute, and is all that ever stands in a URL.
"""

import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import HTTPConnection

from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused

HOLDS: Final = 30.0  # seconds
MOST_TICKETS: Final = 10_000
CONNECTIONS: Final = 20  # of one user
SUBSCRIPTIONS: Final = 100  # of one user, over all connections
STREAMS: Final = 1_000  # of server-sent events, of one user
DOWNLOADS: Final = 50  # on their way to one user


@dataclass(slots=True, frozen=True)
class Pass:
    """Who came, and with which credential: it is shown again and again, as it may be revoked."""

    who: Principal
    credential: str
    until: float = 0.0

    @property
    def user(self) -> str:
        return user_of(self.who)


def user_of(who: Principal) -> str:
    """Whose connections are counted together."""
    return f"{who.kind}:{who.id}"


@dataclass(slots=True)
class Door:
    """`clock`: monotonic."""

    clock: Callable[[], float]
    tickets: dict[str, Pass] = field(default_factory=dict[str, Pass])
    connections: Counter[str] = field(default_factory=Counter[str])
    subscriptions: Counter[str] = field(default_factory=Counter[str])
    streams: Counter[str] = field(default_factory=Counter[str])
    downloads: Counter[str] = field(default_factory=Counter[str])

    def ticket(self, who: Principal, credential: str) -> str:
        now = self.clock()
        self.tickets = {name: each for name, each in self.tickets.items() if each.until > now}
        if len(self.tickets) >= MOST_TICKETS:
            raise Refused("rate_limited", "too many tickets wait to be used", "use them, or come back in a moment")
        name = secrets.token_urlsafe(32)
        self.tickets[name] = Pass(who, credential, now + HOLDS)
        return name

    def take(self, ticket: str) -> Pass | None:
        """Once."""
        found = self.tickets.pop(ticket, None)
        return found if found is not None and found.until > self.clock() else None

    def enter(self, user: str) -> bool:
        return _more(self.connections, user, CONNECTIONS)

    def leave(self, user: str) -> None:
        _fewer(self.connections, user)

    def subscribe(self, user: str) -> bool:
        return _more(self.subscriptions, user, SUBSCRIPTIONS)

    def unsubscribe(self, user: str) -> None:
        _fewer(self.subscriptions, user)

    def read(self, who: Principal) -> Callable[[], None]:
        """One more stream of events; what is called when it has ended."""
        user = user_of(who)
        if not _more(self.streams, user, STREAMS):
            raise Refused("rate_limited", f"{STREAMS:,} streams of events are open", "close those that nobody reads")
        return lambda: _fewer(self.streams, user)

    def download(self, who: Principal) -> Callable[[], None]:
        """One more file on its way; what is called when it is there."""
        user = user_of(who)
        if not _more(self.downloads, user, DOWNLOADS):
            raise Refused("rate_limited", f"{DOWNLOADS} files are on their way to you", "take them one after the other")
        return lambda: _fewer(self.downloads, user)


def _more(counts: Counter[str], user: str, most: int) -> bool:
    if counts[user] >= most:
        return False
    counts[user] += 1
    return True


def _fewer(counts: Counter[str], user: str) -> None:
    counts[user] -= 1
    if counts[user] <= 0:
        del counts[user]


def door_of(connection: HTTPConnection) -> Door:
    """One for the application."""
    state: Any = connection.app.state
    if not hasattr(state, "door"):
        state.door = Door(time.monotonic)
    return state.door
