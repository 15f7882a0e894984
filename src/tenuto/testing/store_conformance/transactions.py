"""Transactions: whole or not at all, one writer after the other, readers that nobody waits for."""

import asyncio
import random
from dataclasses import replace

from tenuto.ports.engine import Refused
from tenuto.ports.notes import Note
from tenuto.ports.records import BadCursor, Missing, Taken
from tenuto.ports.roles import Role
from tenuto.ports.store import Store
from tenuto.ports.tenants import Tenant
from tenuto.testing.store_conformance.suite import THEM, US, Suite, stored


class Transactions(Suite):
    @stored
    async def test_what_was_written_in_a_block_is_there_after_it(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.roles.put(Role(US, "editor", ("flows:write",)))

        async with store.read() as tx:
            assert await tx.roles.get(US, "editor") == Role(US, "editor", ("flows:write",))

    @stored
    async def test_nothing_of_a_block_that_raised_is_there(self, store: Store) -> None:
        try:
            async with store.write() as tx:
                await tx.roles.put(Role(US, "one"))
                await tx.tenants.update(Tenant(US, "renamed", 0.0))
                raise LookupError
        except LookupError:
            pass

        async with store.read() as tx:
            assert await tx.roles.list(US) == []
            assert (await tx.tenants.get(US) or Tenant("", "", 0)).name == US

    @stored
    async def test_a_block_inside_a_block_is_refused_at_once(self, store: Store) -> None:
        said = ""
        async with store.write():
            try:
                async with store.write():
                    pass
            except RuntimeError as error:
                said = str(error)

        assert "open in this task already" in said
        async with store.write() as tx:  # and nothing is held after it
            await tx.roles.put(Role(US, "one"))

    @stored
    async def test_reading_waits_for_no_writer_and_sees_what_was_committed(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.roles.put(Role(US, "one"))
            async with store.read() as reading:
                before = await reading.roles.list(US)
            inside = await tx.roles.list(US)

        assert before == []
        assert inside == [Role(US, "one")]

    @stored
    async def test_an_open_reader_holds_no_writer_up(self, store: Store) -> None:
        async with store.read() as reading:
            assert await reading.roles.list(US) == []
            async with store.write() as tx:
                await tx.roles.put(Role(US, "one"))

            assert await reading.roles.list(US) == [Role(US, "one")]

    @stored
    async def test_a_reader_cannot_write(self, store: Store) -> None:
        wrote = True
        try:
            async with store.read() as tx:
                await tx.roles.put(Role(US, "one"))
        except Exception:  # noqa: BLE001  whatever the database says; what counts is that it was refused
            wrote = False

        async with store.read() as tx:
            assert not wrote
            assert await tx.roles.list(US) == []

    @stored
    async def test_after_a_commit_its_callbacks_run_and_after_a_rollback_none(self, store: Store) -> None:
        called: list[str] = []
        async with store.write() as tx:
            tx.after_commit(lambda: called.append("committed"))
            assert called == []
        try:
            async with store.write() as tx:
                tx.after_commit(lambda: called.append("rolled back"))
                raise LookupError
        except LookupError:
            pass

        assert called == ["committed"]

    @stored
    async def test_any_number_write_at_once_and_none_is_lost(self, store: Store) -> None:
        """Nobody is told that the database is locked."""

        async def count() -> None:
            async with store.write() as tx:
                user = await tx.tenants.get(US)
                assert user is not None
                await tx.notes.add(Note(US, "r", f"{random.random()}", "n", "me", 1.0))  # noqa: S311  only to differ

        async def look() -> None:
            async with store.read() as tx:
                await tx.notes.list(US, "r")

        await asyncio.gather(*(count() for _ in range(60)), *(look() for _ in range(60)))

        async with store.read() as tx:
            assert len((await tx.notes.list(US, "r", limit=100)).items) == 60

    @stored
    async def test_who_is_cancelled_in_a_block_leaves_nothing_and_holds_nothing(self, store: Store) -> None:
        async def pairs(number: int) -> None:
            async with store.write() as tx:
                await tx.notes.add(Note(US, "r", f"{number}a", "n", "me", 1.0))
                await tx.notes.add(Note(US, "r", f"{number}b", "n", "me", 1.0))

        tasks = [asyncio.create_task(pairs(number)) for number in range(40)]
        for task in tasks:
            await asyncio.sleep(random.random() / 200)  # noqa: S311  any moment
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await pairs(100)

        async with store.read() as tx:
            ids = {note.id for note in (await tx.notes.list(US, "r", limit=200)).items}
        assert {"100a", "100b"} <= ids
        assert all(f"{note[:-1]}a" in ids and f"{note[:-1]}b" in ids for note in ids)

    @stored
    async def test_what_can_be_only_once_is_taken_and_what_belongs_to_nothing_is_missing(self, store: Store) -> None:
        caught: list[type[Exception]] = []
        for tenant in (Tenant(THEM, "new", 1.0), Tenant("new", "Other", 1.0)):
            try:
                async with store.write() as tx:
                    await tx.tenants.add(tenant)
            except Taken as error:
                caught.append(type(error))
        try:
            async with store.write() as tx:
                await tx.roles.put(Role("nobody", "r"))
        except Missing as error:
            caught.append(type(error))

        assert caught == [Taken, Taken, Missing]

    @stored
    async def test_text_that_cannot_be_kept_is_refused_and_odd_text_comes_back(self, store: Store) -> None:
        note = Note(US, "r", "1", "", "me", 1.0)
        codes: list[str] = []
        for text in ("a\0b", "\ud800"):
            try:
                async with store.write() as tx:
                    await tx.notes.add(replace(note, text=text))
            except Refused as error:
                codes.append(error.code)
        odd = ["", " ", "a'b;--", "%_", "r\u202eun", "日本語 🎻", "x" * 100_000, "a\nb\r\n"]
        async with store.write() as tx:
            for number, text in enumerate(odd):
                await tx.notes.add(replace(note, id=str(number), text=text))

        async with store.read() as tx:
            assert [found.text for found in (await tx.notes.list(US, "r")).items] == odd
        assert codes == ["invalid", "invalid"]

    @stored
    async def test_pages_follow_one_another_and_a_foreign_cursor_is_refused(self, store: Store) -> None:
        async with store.write() as tx:
            for number in range(7):
                await tx.tenants.add(Tenant(f"t{number}", f"name {number}", 1.0))
        seen: list[str] = []
        cursor = None
        async with store.read() as tx:
            while True:
                page = await tx.tenants.list(limit=4, cursor=cursor)
                seen += [tenant.id for tenant in page.items]
                if (cursor := page.next_cursor) is None:
                    break

            refused = 0
            for bad in ("", "x", "!!", "WzFd", "WyJhIiwiYiJd", "bnVsbA", "{}"):
                try:
                    await tx.tenants.list(cursor=bad)
                except BadCursor:
                    refused += 1

        assert seen == sorted([US, THEM, *(f"t{number}" for number in range(7))])
        assert refused == 7
