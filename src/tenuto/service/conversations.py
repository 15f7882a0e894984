"""Sessions of agents in the store: what `ctx.agents` gives a node that goes on with a conversation."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tenuto.ports.session_lines import Place
from tenuto.ports.store import Store
from tenuto.sdk.agents.conversation import Ahead
from tenuto.sdk.agents.messages import Message
from tenuto.service.session_turns import SessionTurns


@dataclass(slots=True, frozen=True)
class StoredConversation:
    """`sdk.agents.conversation.Conversation`."""

    sessions: "StoredConversations"
    tenant: str
    session: str

    async def turn(self, run: str, path: str) -> Ahead | None:
        return await self.sessions.turns.turn(self.tenant, self.session, run, path)

    async def read(self) -> list[Message]:
        async with (await self.sessions.store()).read() as tx:
            return await tx.conversations.read(self.tenant, self.session)

    async def add(self, key: str, messages: Sequence[Message]) -> None:
        async with (await self.sessions.store()).write() as tx:
            await tx.conversations.add(self.tenant, self.session, key, messages, at=self.sessions.clock())


class StoredConversations:
    """`store`: opened when somebody first needs it, where there is no server."""

    def __init__(self, store: Callable[[], Awaitable[Store]], clock: Callable[[], float]) -> None:
        self.store = store
        self.clock = clock
        self.turns = SessionTurns(_StoredLines(store))

    def __call__(self, tenant: str, session: str) -> StoredConversation:
        return StoredConversation(self, tenant, session)


@dataclass(slots=True, frozen=True)
class _StoredLines:
    store: Callable[[], Awaitable[Store]]

    async def join(self, place: Place) -> Place:
        async with (await self.store()).write() as tx:
            return await tx.session_lines.join(place)

    async def leave(self, place: Place) -> Place | None:
        async with (await self.store()).write() as tx:
            return await tx.session_lines.leave(place)

    async def places(self) -> list[Place]:
        async with (await self.store()).read() as tx:
            return await tx.session_lines.places()
