"""Agents: a change is a version, a deletion hides, the history stays."""

import asyncio

from tenuto.ports.agents import AgentVersion
from tenuto.ports.records import Missing
from tenuto.ports.store import Store, Transaction
from tenuto.testing.store_conformance.suite import THEM, US, Suite, stored


async def save(
    tx: Transaction, tenant: str, name: str, hash_: str, *, team: str = "marketing", at: float = 1.0
) -> tuple[AgentVersion, bool]:
    source = f"---\nname: {name}\n---\n{hash_} 🎼\n"
    return await tx.agents.add(
        tenant, name, hash=hash_, source=source, description=f"As of {hash_}", team=team, by="ann", at=at
    )


class SavedAgents(Suite):
    @stored
    async def test_a_change_of_an_agent_is_a_new_version_and_the_same_again_is_not(self, store: Store) -> None:
        async with store.write() as tx:
            first, new = await save(tx, US, "editor", "a")
            again, not_new = await save(tx, US, "editor", "a", at=2.0)
            await save(tx, US, "editor", "b", at=3.0)
            back, new_again = await save(tx, US, "editor", "a", at=4.0)

        assert (new, not_new, new_again) == (True, False, True)
        assert again == first
        assert (first.number, back.number) == (1, 3)
        async with store.read() as tx:
            assert await tx.agents.get(US, "editor") == back
            assert await tx.agents.get(US, "editor", 1) == first
            assert await tx.agents.get(US, "editor", 9) is None
            assert await tx.agents.get(THEM, "editor") is None
            assert await tx.agents.get(THEM, "editor", 1) is None

    @stored
    async def test_versions_of_an_agent_saved_at_once_are_numbered_without_gaps(self, store: Store) -> None:
        async def one(number: int) -> int:
            async with store.write() as tx:
                version, _ = await save(tx, US, "editor", f"h{number}")
                return version.number

        numbers = await asyncio.gather(*(one(number) for number in range(15)))

        assert sorted(numbers) == list(range(1, 16))

    @stored
    async def test_the_history_of_an_agent_is_read_newest_first(self, store: Store) -> None:
        async with store.write() as tx:
            for number in range(5):
                await save(tx, US, "editor", f"h{number}")
            await save(tx, THEM, "editor", "theirs")

        async with store.read() as tx:
            first = await tx.agents.history(US, "editor", limit=3)
            rest = await tx.agents.history(US, "editor", limit=3, cursor=first.next_cursor)
            assert [entry.number for entry in (*first.items, *rest.items)] == [5, 4, 3, 2, 1]
            assert [entry.hash for entry in (await tx.agents.history(THEM, "editor")).items] == ["theirs"]
            assert not hasattr(first.items[0], "source")
            assert (await tx.agents.history(US, "none")).items == []

    @stored
    async def test_agents_are_listed_by_name_and_by_team(self, store: Store) -> None:
        async with store.write() as tx:
            await save(tx, US, "writer", "a")
            await save(tx, US, "editor", "a")
            await save(tx, US, "editor", "b", team="books", at=2.0)
            await save(tx, US, "analyst", "a", team="")
            await save(tx, THEM, "spy", "a")

        async with store.read() as tx:
            first = await tx.agents.list(US, limit=2)
            rest = await tx.agents.list(US, limit=2, cursor=first.next_cursor)
            assert [entry.name for entry in (*first.items, *rest.items)] == ["analyst", "editor", "writer"]
            editor = first.items[1]
            assert (editor.number, editor.description, editor.team, editor.updated_at) == (2, "As of b", "books", 2.0)
            assert [entry.name for entry in (await tx.agents.list(US, team="marketing")).items] == ["writer"]
            assert [entry.name for entry in (await tx.agents.list(US, team="")).items] == ["analyst"]

    @stored
    async def test_an_agent_that_is_deleted_is_hidden_and_its_history_stays(self, store: Store) -> None:
        async with store.write() as tx:
            first, _ = await save(tx, US, "editor", "a")
            await save(tx, THEM, "editor", "theirs")

            assert await tx.agents.delete(US, "editor")
            assert not await tx.agents.delete(US, "editor")
            assert not await tx.agents.delete(US, "none")

        async with store.read() as tx:
            assert await tx.agents.get(US, "editor") is None
            assert (await tx.agents.list(US)).items == []
            assert await tx.agents.get(US, "editor", 1) == first
            assert [entry.number for entry in (await tx.agents.history(US, "editor")).items] == [1]
            assert await tx.agents.get(THEM, "editor") is not None

    @stored
    async def test_an_agent_that_is_saved_again_goes_on_where_it_was(self, store: Store) -> None:
        async with store.write() as tx:
            await save(tx, US, "editor", "a")
            await tx.agents.delete(US, "editor")
            back, new = await save(tx, US, "editor", "a", at=2.0)

            assert (back.number, new) == (2, True)
            assert await tx.agents.get(US, "editor") == back
            assert [entry.name for entry in (await tx.agents.list(US)).items] == ["editor"]

    @stored
    async def test_no_agent_is_kept_for_a_tenant_that_there_is_not(self, store: Store) -> None:
        missing = False
        try:
            async with store.write() as tx:
                await save(tx, "nobody", "editor", "a")
        except Missing:
            missing = True

        assert missing
