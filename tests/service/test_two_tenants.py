"""Two tenants with runs of the same name: nothing that one asks for is looked for among the other's (SECURITY: a foreign run is unknown)."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from hosts.local.harness import opened
from tenuto.core.flow import Flow
from tenuto.documents import load
from tenuto.hosts.local.host import LocalHost
from tenuto.ports.engine import StartRequest
from tenuto.ports.journal import RunQuery
from tenuto.service import origins, runs
from tenuto.service.archive import Archive
from tenuto.service.refusals import Refused
from tenuto.stores.memory import MemoryJournal

WAITS = """
flow: ask
nodes:
  ok: {use: approval, with: {question: "Go on?"}}
output: ${ok.by}
"""


@dataclass
class Place:
    """A host of two tenants, `a` and `b`, each with a run named `same` that waits; `b` has one named `theirs` besides."""

    archive: Archive
    host: LocalHost
    journal: MemoryJournal
    ids: dict[str, str]


@asynccontextmanager
async def shared() -> AsyncGenerator[Place]:
    flow = a_flow()
    journal = MemoryJournal()
    async with opened(journal) as harness:
        ids: dict[str, str] = {}
        for tenant, name in (("a", "same"), ("b", "same"), ("b", "theirs")):
            request = StartRequest(flow, {}, name=name, tenant=tenant)
            ids[f"{tenant}/{name}"] = await harness.host.start(request)
            await harness.host.outcome(ids[f"{tenant}/{name}"], until=frozenset({"waiting"}))
        archive = Archive(journal, journal, lambda content: load(content, format="json").flow)
        yield Place(archive, harness.host, journal, ids)


def a_flow() -> Flow:
    flow = load(WAITS, format="yaml").flow
    assert flow is not None
    return flow


def played(scene: Callable[[Place], Awaitable[None]]) -> None:
    async def play() -> None:
        async with shared() as place:
            await scene(place)

    asyncio.run(play())


def test_a_name_means_the_run_of_ones_own_tenant():
    """Though the other tenant's is newer."""

    async def scene(place: Place) -> None:
        found = [await place.archive.within(tenant).find("same") for tenant in ("a", "b")]
        assert [entry.id for entry in found] == [place.ids["a/same"], place.ids["b/same"]]
        assert (await place.archive.find("same")).id == place.ids["b/same"]

    played(scene)


def test_lists_show_ones_own():
    """Also where nothing else is asked, and where the question names another tenant."""

    async def scene(place: Place) -> None:
        mine = place.archive.within("a")
        for query in (RunQuery(), RunQuery(tenant="b"), RunQuery(name="same")):
            assert [entry.id for entry in await runs.listing(mine, query)] == [place.ids["a/same"]]
        assert [entry.id for entry in await mine.unfinished()] == [place.ids["a/same"]]
        assert len(await place.archive.unfinished()) == 3

    played(scene)


def test_the_facts_of_a_foreign_run_are_none():
    """By its whole id too."""

    async def scene(place: Place) -> None:
        theirs = place.ids["b/theirs"]
        assert await place.archive.within("a").facts(theirs) == []
        assert await place.archive.within("a").entry(theirs) is None
        assert await place.archive.within("b").facts(theirs) != []

    played(scene)


def test_a_name_that_another_tenant_has_taken_is_free():
    """One's own is not."""

    async def scene(place: Place) -> None:
        await place.archive.within("a").check_free("theirs")
        with pytest.raises(Refused):
            await place.archive.within("a").check_free("same")

    played(scene)


Deed = Callable[[Archive, Place, str], Coroutine[Any, Any, Any]]

DEEDS: dict[str, Deed] = {
    "view": lambda archive, _, word: runs.view(archive, word),
    "events": lambda archive, _, word: runs.events(archive, word),
    "cancel": lambda archive, place, word: runs.cancel(archive, place.host, word),
    "signal": lambda archive, place, word: runs.signal(archive, place.host, word, "x", 1),
    "answer": lambda archive, place, word: runs.answer(archive, place.host, word, "ok", {"approved": True}),
    "decide": lambda archive, place, word: runs.decide(archive, place.host, word, "ok", "done"),
    "delete": lambda archive, place, word: runs.delete(archive, place.journal, word),
    "retry": lambda archive, place, word: origins.retry(archive, place.host, word),
    "fork": lambda archive, place, word: origins.fork(archive, place.host, word),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_a_foreign_run_is_unknown_whatever_is_done_to_it(deed: Deed):
    """By its name, the start of it, its id; and the answer is the same as for a run that never was."""

    async def scene(place: Place) -> None:
        before = await place.journal.read(place.ids["b/theirs"])
        for word in ("theirs", "thei", place.ids["b/theirs"]):
            with pytest.raises(Refused) as refused:
                await deed(place.archive.within("a"), place, word)
            assert refused.value.code == "not_found"
            assert str(refused.value) == f"there is no run `{word}`"
            assert "theirs" not in refused.value.hint
        assert await place.journal.read(place.ids["b/theirs"]) == before

    played(scene)


def test_a_run_belongs_to_the_tenant_it_was_started_in():
    """Where nobody says, the default one."""

    async def scene(place: Place) -> None:
        ids = [await runs.start(place.host, a_flow(), {}, tenant="c"), await runs.start(place.host, a_flow(), {})]
        assert [entry.id for entry in await place.archive.within("c").unfinished()] == ids[:1]
        assert [entry.id for entry in await place.archive.within("default").unfinished()] == ids[1:]

    played(scene)
