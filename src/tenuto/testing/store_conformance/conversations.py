"""Sessions of agents: held by one at a time, added to once."""

import asyncio

from tenuto.ports.conversations import KEPT
from tenuto.ports.store import Store
from tenuto.sdk.agents.messages import Message
from tenuto.testing.store_conformance.suite import THEM, US, Suite, stored

HELLO: list[Message] = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hello you"}]


class AgentSessions(Suite):
    @stored
    async def test_a_session_is_held_by_one_until_it_is_given_back_or_the_time_is_over(self, store: Store) -> None:
        async def hold(holder: str, at: float, tenant: str = US) -> bool:
            async with store.write() as tx:
                return await tx.conversations.hold(tenant, "chat", holder, at=at, until=at + 10)

        assert await hold("a", 0)
        assert not await hold("b", 5)
        assert await hold("a", 5)
        assert await hold("b", 5, THEM)
        assert not await hold("b", 14)
        assert await hold("b", 16)
        async with store.write() as tx:
            assert not await tx.conversations.release(US, "chat", "a")
            assert await tx.conversations.release(US, "chat", "b")
        assert await hold("c", 17)

    @stored
    async def test_of_many_who_want_it_at_once_one_gets_it(self, store: Store) -> None:
        async def hold(holder: str) -> bool:
            async with store.write() as tx:
                return await tx.conversations.hold(US, "chat", holder, at=0, until=10)

        assert sum(await asyncio.gather(*(hold(f"run-{number}") for number in range(8)))) == 1

    @stored
    async def test_what_is_said_is_read_in_order_and_added_once(self, store: Store) -> None:
        async with store.write() as tx:
            assert await tx.conversations.add(US, "chat", "run-1", HELLO, at=1)
            assert not await tx.conversations.add(US, "chat", "run-1", HELLO, at=2)
            assert await tx.conversations.add(US, "chat", "run-2", [{"role": "user", "content": "more"}], at=3)
        async with store.read() as tx:
            assert await tx.conversations.read(US, "chat") == [*HELLO, {"role": "user", "content": "more"}]
            assert await tx.conversations.read(US, "other") == []
            assert await tx.conversations.read(THEM, "chat") == []

    @stored
    async def test_very_old_messages_go_and_a_session_can_be_forgotten(self, store: Store) -> None:
        many: list[Message] = [{"role": "user", "content": str(number)} for number in range(KEPT)]
        async with store.write() as tx:
            await tx.conversations.add(US, "chat", "run-1", many, at=1)
            await tx.conversations.add(US, "chat", "run-2", HELLO, at=2)
        async with store.read() as tx:
            said = await tx.conversations.read(US, "chat")
        async with store.write() as tx:
            assert await tx.conversations.forget(US, "chat")
            assert not await tx.conversations.forget(US, "chat")
        async with store.read() as tx:
            assert await tx.conversations.read(US, "chat") == []

        assert (len(said), said[0]["content"], said[-1]) == (KEPT, "2", HELLO[-1])
