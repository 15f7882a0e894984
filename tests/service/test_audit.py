"""The audit: added to in the transaction of the act, and whole, or it is said where it is not (SECURITY 101 and 102)."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import text

from service.people import People, some_people
from tenuto.service.anchors import FILE, anchor, keep_anchored, read_anchors, verify
from tenuto.service.audit import Refusals, audit
from tenuto.service.gate import Attempt


async def written(people: People, count: int = 6) -> None:
    for number in range(count):
        async with people.store.write() as tx:
            details = {"n": number, "rate": 0.5, "names": {"b", "a"}, "deep": [{"x": [1, None, True]}]}
            await audit(tx, people.who, "test.act", f"subject {number}", details, at=people.clock())


async def tamper(people: People, *statements: str) -> None:
    """As somebody who can write to the database would."""
    async with people.store.write() as tx:
        sql: Any = tx.audit
        for statement in statements:
            await sql._sql._connection.execute(text(statement))


async def findings(people: People) -> list[tuple[int, str]]:
    return [(each.seq, each.text) for each in (await verify(people.store, people.data / FILE)).findings]


class TestChain:
    async def test_a_chain_that_nobody_touched_is_whole(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await written(people)
            await anchor(people.store, tmp_path / FILE, people.clock())
            await written(people)

            verdict = await verify(people.store, tmp_path / FILE)

            assert (verdict.entries, verdict.anchors, verdict.findings) == (12, 1, [])

    @pytest.mark.parametrize(
        ("statement", "seq", "said"),
        [
            ("UPDATE audit SET actor = 'user:eve' WHERE seq = 3", 3, "changed"),
            ("UPDATE audit SET details = '{}' WHERE seq = 3", 3, "changed"),
            ("UPDATE audit SET at = at + 1 WHERE seq = 3", 3, "changed"),
            ("UPDATE audit SET outcome = 'refused' WHERE seq = 1", 1, "changed"),
            ("UPDATE audit SET hash = 'x' WHERE seq = 6", 6, "changed"),
            ("DELETE FROM audit WHERE seq = 3", 4, "gone"),
            ("DELETE FROM audit WHERE seq = 1", 2, "gone"),
            ("DELETE FROM audit WHERE seq > 4", 4, "were there once"),
            ("DELETE FROM audit", 0, "were there once"),
        ],
    )
    async def test_edits_deletions_and_cuts_are_found(
        self, statement: str, seq: int, said: str, tmp_path: Path
    ) -> None:
        async with some_people(tmp_path) as people:
            await written(people)
            await anchor(people.store, tmp_path / FILE, people.clock())

            await tamper(people, statement)

            found = await findings(people)
            assert found[0][0] == seq
            assert said in found[0][1]

    async def test_another_order_is_found(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await written(people)

            await tamper(
                people,
                "UPDATE audit SET seq = 99 WHERE seq = 2",
                "UPDATE audit SET seq = 2 WHERE seq = 3",
                "UPDATE audit SET seq = 3 WHERE seq = 99",
            )

            assert {seq for seq, _ in await findings(people)} >= {2, 3}

    async def test_a_chain_that_was_written_anew_is_not_the_one_that_was_anchored(self, tmp_path: Path) -> None:
        """Whoever knows how can make another chain, whole in itself."""
        async with some_people(tmp_path) as people:
            await written(people)
            await anchor(people.store, tmp_path / FILE, people.clock())
            await tamper(people, "DELETE FROM audit")
            people.who = replace(people.who, id="eve")
            await written(people)

            assert any("written anew" in said for _, said in await findings(people))

    async def test_each_tenant_has_a_chain_of_its_own(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await written(people)
            people.who = replace(people.who, tenant="acme")
            await written(people, 2)

            await tamper(people, "DELETE FROM audit WHERE tenant = 'default' AND seq = 2")

            assert {each.tenant for each in (await verify(people.store)).findings} == {"default"}

    async def test_many_at_once_make_one_chain(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await asyncio.gather(*(written(people, 5) for _ in range(8)))

            verdict = await verify(people.store)

            assert (verdict.entries, verdict.findings) == (40, [])

    async def test_what_was_rolled_back_was_not_done(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:

            async def fail() -> None:
                async with people.store.write() as tx:
                    await audit(tx, people.who, "test.act")
                    raise ZeroDivisionError

            with pytest.raises(ZeroDivisionError):
                await fail()

            assert await people.actions() == []

    @pytest.mark.parametrize("subject", ["a\nb", "\x1b[2J", "a\x00b", "\ud800", "\u202e", "x" * 5_000])
    async def test_what_is_written_is_one_decent_line(self, subject: str, tmp_path: Path) -> None:
        """SECURITY 33: nobody draws on the terminal of whoever reads it."""
        async with some_people(tmp_path) as people:
            async with people.store.write() as tx:
                entry = await audit(tx, people.who, "test.act", subject, {subject: [subject]})

            assert entry.subject.isprintable()
            assert len(entry.subject) <= 300
            assert not (await verify(people.store)).findings


class TestAnchors:
    async def test_only_chains_that_grew_are_anchored(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await written(people)

            assert len(await anchor(people.store, tmp_path / FILE, 1)) == 1
            assert await anchor(people.store, tmp_path / FILE, 2) == []

    async def test_a_torn_line_is_no_anchor(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await written(people)
            await anchor(people.store, tmp_path / FILE, 1)
            with (tmp_path / FILE).open("ab") as file:
                file.write(b'{"at": 1, "ten\xff\n[]\n\n')

            assert len(read_anchors(tmp_path / FILE)) == 1
            assert await findings(people) == []

    async def test_it_is_anchored_when_the_server_stops(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            task = asyncio.create_task(keep_anchored(people.store, tmp_path / FILE, people.clock))
            await asyncio.sleep(0)
            await written(people)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

            assert [each.seq for each in read_anchors(tmp_path / FILE)][-1:] == [6]


class TestRefusals:
    async def test_they_are_bounded_and_the_rest_is_counted(self, tmp_path: Path) -> None:
        """A stranger who knocks all day does not fill the disk."""
        async with some_people(tmp_path) as people:
            refusals = Refusals(people.store, people.clock, a_minute=3)
            for _ in range(10):
                await refusals.report(Attempt("access.refused", "unauthenticated", client="203.0.113.7"))
            people.clock.now += 60
            await refusals.report(Attempt("access.refused", "unauthenticated"))
            async with people.store.read() as tx:
                entries = await tx.audit.after("system", 0)

            assert len(entries) == 4
            assert entries[-1].details == {"why": "unauthenticated", "client": "", "left_out": 7}
            assert {entry.outcome for entry in entries} == {"refused"}

    async def test_the_noise_of_strangers_hides_nothing(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            refusals = Refusals(people.store, people.clock, a_minute=3)
            for _ in range(10):
                await refusals.report(Attempt("access.refused", "unauthenticated"))

            await refusals.report(Attempt("access.forbidden", "keys:write", people.who))

            assert await people.actions() == ["access.forbidden"]

    async def test_what_cannot_be_written_changes_no_answer(self, caplog: pytest.LogCaptureFixture) -> None:
        class Full:
            def write(self) -> Any:
                raise OSError(28, "no space left on device")

        await Refusals(cast("Any", Full()), lambda: 0.0).report(Attempt("access.refused", "x"))

        assert "could not be written down" in caplog.text
