"""On PostgreSQL, where many write at once: one chain, one refresh, one answer."""

import asyncio
from pathlib import Path

from service.people import PASSWORD, People, some_people
from tenuto.service import users
from tenuto.service.anchors import FILE, anchor, verify
from tenuto.service.audit import audit
from tenuto.service.refusals import Refused


async def test_identities_hold_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    async with some_people(tmp_path, url=postgres_url) as people:
        await _one_chain(people)
        await _one_refresh(people)
        await _one_user(people)
        await anchor(people.store, tmp_path / FILE, people.clock())

        assert (await verify(people.store, tmp_path / FILE)).findings == []


async def _one_chain(people: People) -> None:
    async def act(number: int) -> None:
        async with people.store.write() as tx:
            await audit(tx, people.who, "test.act", str(number), {"rate": 0.1, "n": number}, at=people.clock())

    await asyncio.gather(*(act(number) for number in range(40)))

    verdict = await verify(people.store)
    assert (verdict.entries, verdict.findings) == (40, [])


async def _one_refresh(people: People) -> None:
    await people.user(roles=("admin",))
    tickets = await people.log_in()

    refreshing = (people.identity.login.refresh(tickets.refresh) for _ in range(8))
    found = await asyncio.gather(*refreshing, return_exceptions=True)

    assert sum(not isinstance(each, Exception) for each in found) == 1
    assert all(isinstance(each, Refused) for each in found if isinstance(each, Exception))


async def _one_user(people: People) -> None:
    async def make() -> None:
        await people.user("bob")

    made = await asyncio.gather(*(make() for _ in range(6)), return_exceptions=True)
    who = await people.identify((await people.log_in("bob", PASSWORD)).access)
    async with people.store.write() as tx:
        await users.change(tx, people.who, who.id, users.Change(disabled=True), at=people.clock())

    assert sum(each is None for each in made) == 1
    assert who.kind == "user"
