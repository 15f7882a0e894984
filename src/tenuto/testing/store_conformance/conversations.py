"""Sessions of agents: one speaks at a time, and adds what it says once."""

import asyncio

from tenuto.ports.conversations import KEPT
from tenuto.ports.session_lines import Place
from tenuto.ports.store import Store
from tenuto.sdk.agents.messages import Message
from tenuto.testing.store_conformance.suite import THEM, US, Suite, stored

HELLO: list[Message] = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hello you"}]


class AgentSessions(Suite):
    @stored
    async def test_one_speaks_and_the_others_stand_in_line_in_the_order_of_their_runs(self, store: Store) -> None:
        """Who speaks is not overtaken by one that came before and is late."""

        async def join(run: str, since: float, tenant: str = US) -> str:
            async with store.write() as tx:
                return (await tx.session_lines.join(Place(tenant, "chat", run, "ask", since))).run

        async def leave(run: str) -> str | None:
            async with store.write() as tx:
                left = await tx.session_lines.leave(Place(US, "chat", run, "ask"))
            return None if left is None else left.run

        assert [await join("b", 2), await join("d", 4), await join("c", 3), await join("a", 1)] == ["b"] * 4
        assert await join("b", 9) == "b"
        assert await join("other", 5, THEM) == "other"
        assert await leave("d") is None
        assert [await leave("b"), await leave("a"), await leave("c"), await leave("c")] == ["a", "c", None, None]
        assert await join("d", 4) == "d"

    @stored
    async def test_a_run_may_have_several_places(self, store: Store) -> None:
        places = [Place(US, "chat", "run", path, 1.0) for path in ("a", "b")]
        async with store.write() as tx:
            turns = [await tx.session_lines.join(place) for place in places]
        async with store.read() as tx:
            known = await tx.session_lines.places()

        assert turns == [places[0], places[0]]
        assert known == places
        assert [place.turn for place in known] == [True, False]

    @stored
    async def test_of_many_who_come_at_once_one_speaks(self, store: Store) -> None:
        async def join(run: str) -> str:
            async with store.write() as tx:
                return (await tx.session_lines.join(Place(US, "chat", run, "ask", 1.0))).run

        assert len(set(await asyncio.gather(*(join(f"run-{number}") for number in range(8))))) == 1

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
