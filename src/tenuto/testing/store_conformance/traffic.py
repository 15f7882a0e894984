"""What comes in and goes out: claims, deliveries, the outbox; notes; and what expires."""

import asyncio
from dataclasses import replace

from tenuto.ports.claims import Claim
from tenuto.ports.deliveries import Delivery
from tenuto.ports.notes import Note
from tenuto.ports.outbox import Message
from tenuto.ports.records import Taken
from tenuto.ports.sessions import Session
from tenuto.ports.store import Store
from tenuto.ports.users import User
from tenuto.testing.store_conformance.suite import THEM, US, Suite, stored

CLAIM = Claim(US, "key", "digest", "run-1", 10.0, 20.0)
MESSAGE = Message("m1", US, "run.finished", {"run": "r", "list": [1.5, None]}, 1.0, 5.0)


class Traffic(Suite):
    @stored
    async def test_who_comes_second_is_given_the_claim_of_the_first(self, store: Store) -> None:
        async with store.write() as tx:
            assert await tx.claims.claim(CLAIM) is None
            assert await tx.claims.claim(replace(CLAIM, run="run-2", digest="another", at=19.9)) == CLAIM
            assert await tx.claims.claim(replace(CLAIM, tenant=THEM, run="theirs")) is None

        async with store.read() as tx:
            assert await tx.claims.get(US, "key") == CLAIM
            assert await tx.claims.get(US, "other key") is None

    @stored
    async def test_an_expired_claim_is_anybodys(self, store: Store) -> None:
        later = replace(CLAIM, run="run-2", at=20.0, expires=30.0)
        async with store.write() as tx:
            await tx.claims.claim(CLAIM)
            assert await tx.claims.claim(later) is None
            assert await tx.claims.get(US, "key") == later

    @stored
    async def test_only_the_run_that_holds_a_claim_gives_it_back(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.claims.claim(CLAIM)
            assert not await tx.claims.release(US, "key", "run-2")
            assert not await tx.claims.release(THEM, "key", "run-1")
            assert await tx.claims.release(US, "key", "run-1")
            assert await tx.claims.claim(replace(CLAIM, run="run-3")) is None

    @stored
    async def test_of_a_hundred_at_once_one_claims(self, store: Store) -> None:
        async def claim(number: int) -> tuple[str, Claim | None]:
            run = f"run-{number}"
            async with store.write() as tx:
                return run, await tx.claims.claim(replace(CLAIM, run=run))

        answers = await asyncio.gather(*(claim(number) for number in range(100)))

        winners = [run for run, holder in answers if holder is None]
        assert len(winners) == 1
        assert {holder.run for _, holder in answers if holder is not None} == {winners[0]}

    @stored
    async def test_who_waits_for_a_claim_that_is_rolled_back_gets_it(self, store: Store) -> None:
        claimed, go = asyncio.Event(), asyncio.Event()

        async def first() -> None:
            async with store.write() as tx:
                await tx.claims.claim(CLAIM)
                claimed.set()
                await go.wait()
                raise LookupError

        async def second() -> Claim | None:
            async with store.write() as tx:
                return await tx.claims.claim(replace(CLAIM, run="run-2"))

        one = asyncio.create_task(first())
        await claimed.wait()
        two = asyncio.create_task(second())
        await asyncio.sleep(0.05)
        waiting = not two.done()
        go.set()

        assert isinstance((await asyncio.gather(one, return_exceptions=True))[0], LookupError)
        assert waiting
        assert await two is None

    @stored
    async def test_a_message_that_is_sent_again_is_known(self, store: Store) -> None:
        first = Delivery(US, "shop", "m1", 100.0, "run-1")
        async with store.write() as tx:
            assert await tx.deliveries.record(first, since=0.0) is None
            assert await tx.deliveries.record(replace(first, at=110.0, run="run-2"), since=100.0) == first
            assert await tx.deliveries.record(replace(first, tenant=THEM), since=0.0) is None
            assert await tx.deliveries.record(replace(first, source="crm"), since=0.0) is None
            assert await tx.deliveries.record(replace(first, at=300.0), since=200.0) is None
            assert await tx.deliveries.forget(US, "shop", "m1")
            assert not await tx.deliveries.forget(US, "shop", "m1")
            assert await tx.deliveries.record(first, since=0.0) is None

    @stored
    async def test_of_many_deliveries_of_one_message_one_is_new(self, store: Store) -> None:
        async def deliver(number: int) -> Delivery | None:
            async with store.write() as tx:
                return await tx.deliveries.record(Delivery(US, "shop", "m1", 1.0, f"run-{number}"), since=0.0)

        answers = await asyncio.gather(*(deliver(number) for number in range(30)))

        assert answers.count(None) == 1

    @stored
    async def test_a_message_does_not_wait_for_a_clock_that_was_put_back(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.outbox.add(replace(MESSAGE, at=100_000.0, next_due=100_000.0))

            assert len(await tx.outbox.due(MESSAGE.topic, 5.0)) == 1

    @stored
    async def test_a_message_stays_in_the_outbox_until_it_is_taken_or_given_up(self, store: Store) -> None:
        later = replace(MESSAGE, id="m2", next_due=50.0)
        async with store.write() as tx:
            for message in (MESSAGE, later, replace(MESSAGE, tenant=THEM, next_due=4.0)):
                await tx.outbox.add(message)

        async with store.write() as tx:
            assert [(message.tenant, message.id) for message in await tx.outbox.due(MESSAGE.topic, 5.0)] == [
                (THEM, "m1"),
                (US, "m1"),
            ]
            assert await tx.outbox.failed(MESSAGE, next_due=60.0)
            assert [message.tenant for message in await tx.outbox.due(MESSAGE.topic, 5.0)] == [THEM]
            assert (await tx.outbox.due(MESSAGE.topic, 60.0))[-1] == replace(MESSAGE, attempts=1, next_due=60.0)
            assert await tx.outbox.failed(later, next_due=60.0, dead=True)
            assert (await tx.outbox.dead(US)).items == [replace(later, attempts=1, next_due=60.0, dead=True)]
            assert (await tx.outbox.dead(THEM)).items == []
            assert await tx.outbox.done(US, "m1")
            assert not await tx.outbox.done(US, "m1")
            assert [message.tenant for message in await tx.outbox.due(MESSAGE.topic, 100.0)] == [THEM]
            assert await tx.outbox.due("another", 100.0) == []

    @stored
    async def test_notes_are_listed_as_they_were_made(self, store: Store) -> None:
        note = Note(US, "r", "z", "first", "ann", 1.0)
        taken = False
        async with store.write() as tx:
            await tx.notes.add(note)
            await tx.notes.add(replace(note, id="a", at=2.0, text="second"))
            await tx.notes.add(replace(note, id="b", at=2.0, text="third"))
            await tx.notes.add(replace(note, tenant=THEM, text="theirs"))
        try:
            async with store.write() as tx:
                await tx.notes.add(note)
        except Taken:
            taken = True

        async with store.write() as tx:
            first = await tx.notes.list(US, "r", limit=2)
            rest = await tx.notes.list(US, "r", limit=2, cursor=first.next_cursor)
            assert taken
            assert [found.text for found in (*first.items, *rest.items)] == ["first", "second", "third"]
            assert not await tx.notes.delete(THEM, "r", "a")
            assert await tx.notes.delete(US, "r", "a")
            assert await tx.notes.forget(US, "r") == 2
            assert len((await tx.notes.list(THEM, "r")).items) == 1

    @stored
    async def test_what_has_expired_is_forgotten(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.users.add(User("u1", "ann", "Ann", 1.0))
            await tx.claims.claim(CLAIM)
            await tx.claims.claim(replace(CLAIM, key="fresh", expires=99.0))
            await tx.deliveries.record(Delivery(US, "shop", "old", 1.0), since=0.0)
            await tx.deliveries.record(Delivery(US, "shop", "new", 50.0), since=0.0)
            await tx.sessions.add(Session("old", "u1", US, "d1", 1.0, 2.0))
            await tx.sessions.add(Session("new", "u1", US, "d2", 1.0, 90.0))

            gone = await tx.housekeeping.forget_expired(20.0, deliveries_before=50.0, sessions_before=10.0)

            assert gone == 3
            assert await tx.claims.get(US, "fresh") is not None
            assert await tx.sessions.get("new") is not None
