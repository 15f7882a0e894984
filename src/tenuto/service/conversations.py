"""Sessions of agents in the store: what `ctx.agents` gives a node that goes on with a conversation."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tenuto.ports.store import Store
from tenuto.sdk.agents.messages import Message


@dataclass(slots=True, frozen=True)
class StoredConversation:
    """`sdk.agents.conversation.Conversation`."""

    store: Callable[[], Awaitable[Store]]
    clock: Callable[[], float]
    tenant: str
    session: str

    async def hold(self, holder: str, seconds: float) -> bool:
        now = self.clock()
        async with (await self.store()).write() as tx:
            return await tx.conversations.hold(self.tenant, self.session, holder, at=now, until=now + seconds)

    async def release(self, holder: str) -> None:
        async with (await self.store()).write() as tx:
            await tx.conversations.release(self.tenant, self.session, holder)

    async def read(self) -> list[Message]:
        async with (await self.store()).read() as tx:
            return await tx.conversations.read(self.tenant, self.session)

    async def add(self, key: str, messages: Sequence[Message]) -> None:
        async with (await self.store()).write() as tx:
            await tx.conversations.add(self.tenant, self.session, key, messages, at=self.clock())


@dataclass(slots=True, frozen=True)
class StoredConversations:
    """`store`: opened when somebody first needs it, where there is no server."""

    store: Callable[[], Awaitable[Store]]
    clock: Callable[[], float]

    def __call__(self, tenant: str, session: str) -> StoredConversation:
        return StoredConversation(self.store, self.clock, tenant, session)
