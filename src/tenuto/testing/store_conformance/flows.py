"""Versions, the list of flows, drafts, stages, publications, schedules."""

import asyncio
from dataclasses import replace

from tenuto.ports.drafts import Draft
from tenuto.ports.publications import Publication, PublicationChange
from tenuto.ports.records import Missing
from tenuto.ports.schedules import Schedule
from tenuto.ports.stages import Stage
from tenuto.ports.store import Store, Transaction
from tenuto.ports.versions import Version
from tenuto.testing.store_conformance.suite import THEM, US, Suite, stored

NIGHTLY = Schedule(US, "prod", "shop", 1, 0, "0 3 * * *", "Europe/Berlin", None, 100.0)


async def save(tx: Transaction, tenant: str, flow: str, hash_: str, at: float = 1.0) -> tuple[Version, bool]:
    return await tx.versions.add(
        tenant,
        flow,
        hash=hash_,
        document=f'{{"flow":"{flow}","hash":"{hash_}"}}',
        source=f"flow: {flow}  # {hash_}\n",
        media_type="application/yaml",
        description=f"As of {hash_}",
        by="ann",
        at=at,
    )


class Flows(Suite):
    @stored
    async def test_a_change_is_a_new_version_and_the_same_again_is_not(self, store: Store) -> None:
        async with store.write() as tx:
            first, new = await save(tx, US, "shop", "a")
            again, not_new = await save(tx, US, "shop", "a", at=2.0)
            await save(tx, US, "shop", "b", at=3.0)
            back, new_again = await save(tx, US, "shop", "a", at=4.0)

        assert (new, not_new, new_again) == (True, False, True)
        assert again == first
        assert (first.number, back.number) == (1, 3)
        async with store.read() as tx:
            assert await tx.versions.get(US, "shop") == back
            assert await tx.versions.get(US, "shop", 1) == first
            assert await tx.versions.get(US, "shop", 9) is None
            assert await tx.versions.by_hash(US, "shop", "a") == back
            assert await tx.versions.by_hash(THEM, "shop", "a") is None

    @stored
    async def test_versions_saved_at_once_are_numbered_without_gaps(self, store: Store) -> None:
        async def one(number: int) -> int:
            async with store.write() as tx:
                version, _ = await save(tx, US, "shop", f"h{number}")
                return version.number

        numbers = await asyncio.gather(*(one(number) for number in range(15)))

        assert sorted(numbers) == list(range(1, 16))

    @stored
    async def test_a_history_is_read_newest_first(self, store: Store) -> None:
        async with store.write() as tx:
            for number in range(5):
                await save(tx, US, "shop", f"h{number}")
            await save(tx, THEM, "shop", "theirs")

        async with store.read() as tx:
            first = await tx.versions.history(US, "shop", limit=3)
            rest = await tx.versions.history(US, "shop", limit=3, cursor=first.next_cursor)
            assert [entry.number for entry in (*first.items, *rest.items)] == [5, 4, 3, 2, 1]
            assert rest.next_cursor is None
            assert [entry.hash for entry in (await tx.versions.history(THEM, "shop")).items] == ["theirs"]
            assert (await tx.versions.history(US, "none")).items == []

    @stored
    async def test_flows_are_listed_by_name_with_their_newest_version(self, store: Store) -> None:
        async with store.write() as tx:
            await save(tx, US, "shop", "a")
            await save(tx, US, "shop", "b", at=7.0)
            await save(tx, US, "a_b", "a")
            await save(tx, US, "axb", "a")
            await save(tx, THEM, "secret-shop", "a")

        async with store.read() as tx:
            found = await tx.flows.list(US)
            shop = found.items[2]
            assert [flow.name for flow in found.items] == ["a_b", "axb", "shop"]
            assert (shop.number, shop.description, shop.updated_at) == (2, "As of b", 7.0)
            assert [flow.name for flow in (await tx.flows.list(US, named="_")).items] == ["a_b"]
            assert [flow.name for flow in (await tx.flows.list(US, named="SHO")).items] == ["shop"]
            assert await tx.flows.get(US, "shop") == shop
            assert await tx.flows.get(US, "secret-shop") is None

    @stored
    async def test_a_deleted_flow_takes_all_of_it_along_but_the_history_of_publications(self, store: Store) -> None:
        async with store.write() as tx:
            for tenant in (US, THEM):
                await save(tx, tenant, "shop", "a")
                await tx.publications.put(Publication(tenant, "shop", "prod", 1, "ann", 1.0))
            await tx.drafts.put(draft("shop"))
            await tx.schedules.replace(US, "prod", "shop", [NIGHTLY])
            assert await tx.flows.delete(US, "shop")
            assert not await tx.flows.delete(US, "shop")

        async with store.write() as tx:
            assert await tx.versions.get(US, "shop") is None
            assert await tx.drafts.get(US, "shop") is None
            assert await tx.publications.list(US) == []
            assert await tx.schedules.list(US) == []
            assert await tx.versions.get(THEM, "shop") is not None
            assert len(await tx.publications.everywhere()) == 1
            assert len((await tx.publications.history(US, "shop")).items) == 1
            version, _ = await save(tx, US, "shop", "z")
            assert version.number == 1

    @stored
    async def test_a_draft_is_kept_as_it_was_written(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.drafts.put(draft("shop"))
            await tx.drafts.put(replace(draft("shop"), source="flow: shöp # 2", problems=0))
            await tx.drafts.put(draft("other"))

            assert await tx.drafts.get(US, "shop") == replace(draft("shop"), source="flow: shöp # 2", problems=0)
            assert [entry.flow for entry in (await tx.drafts.list(US)).items] == ["other", "shop"]
            assert (await tx.drafts.list(THEM)).items == []
            assert not await tx.drafts.delete(THEM, "shop")
            assert await tx.drafts.delete(US, "shop")
            assert await tx.drafts.get(US, "shop") is None

    @stored
    async def test_one_stage_of_a_tenant_is_production(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.stages.put(Stage(US, "live", 0, production=True))
            await tx.stages.put(Stage(US, "dev", 9))

            assert [(stage.name, stage.production) for stage in await tx.stages.list(US)] == [
                ("live", True),
                ("staging", False),
                ("prod", False),
                ("dev", False),
            ]
            assert await tx.stages.get(THEM, "prod") == Stage(THEM, "prod", 2, production=True)
            assert await tx.stages.delete(US, "live")
            assert not await tx.stages.delete(US, "live")
            assert await tx.stages.get(US, "live") is None

    @stored
    async def test_a_version_is_published_to_a_stage_in_place_of_another(self, store: Store) -> None:
        first = Publication(US, "shop", "dev", 1, "ann", 1.0)
        async with store.write() as tx:
            await save(tx, US, "shop", "a")
            await save(tx, US, "shop", "b")
            await tx.publications.put(first)
            await tx.publications.put(replace(first, version=2, at=2.0))
            await tx.publications.put(replace(first, stage="prod", by="bob", at=3.0))
            assert await tx.publications.remove(US, "shop", "prod", by="ann", at=4.0)
            assert not await tx.publications.remove(US, "shop", "prod", by="ann", at=5.0)
            assert not await tx.publications.remove(THEM, "shop", "dev", by="eve", at=5.0)

        second = replace(first, version=2, at=2.0)
        async with store.read() as tx:
            assert await tx.publications.list(US, flow="shop") == [second]
            assert await tx.publications.list(US, stage="dev") == [second]
            assert await tx.publications.list(US, flow="shop", stage="prod") == []
            assert await tx.publications.list(THEM) == []
            history = await tx.publications.history(US, "shop", limit=2)
            rest = await tx.publications.history(US, "shop", cursor=history.next_cursor)
            assert history.items[0] == PublicationChange(US, "shop", "prod", None, "ann", 4.0)
            assert [change.version for change in (*history.items, *rest.items)] == [None, 1, 2, 1]
            assert (await tx.publications.history(THEM, "shop")).items == []

    @stored
    async def test_only_what_there_is_in_this_tenant_is_published(self, store: Store) -> None:
        missing = 0
        async with store.write() as tx:
            await save(tx, US, "shop", "a")
        for tenant, stage, version in ((US, "dev", 2), (US, "nowhere", 1), (THEM, "dev", 1)):
            try:
                async with store.write() as tx:
                    await tx.publications.put(Publication(tenant, "shop", stage, version, "eve", 1.0))
            except Missing:
                missing += 1

        assert missing == 3

    @stored
    async def test_schedules_come_due_and_tick_once(self, store: Store) -> None:
        hourly = replace(NIGHTLY, index=1, cron="0 * * * *", next_due=50.0)
        never = replace(NIGHTLY, index=2, next_due=None)
        async with store.write() as tx:
            await save(tx, US, "shop", "a")
            await tx.publications.put(Publication(US, "shop", "prod", 1, "ann", 1.0))
            await tx.schedules.replace(US, "prod", "shop", [NIGHTLY])
            await tx.schedules.replace(US, "prod", "shop", [NIGHTLY, hourly, never])

        async with store.write() as tx:
            assert await tx.schedules.next_due() == 50.0
            assert await tx.schedules.due(49.9) == []
            assert await tx.schedules.due(100.0) == [hourly, NIGHTLY]
            assert await tx.schedules.due(100.0, limit=1) == [hourly]
            assert await tx.schedules.ticked(hourly, last_tick=50.0, next_due=110.0)
            assert not await tx.schedules.ticked(hourly, last_tick=50.0, next_due=110.0)
            assert await tx.schedules.list(US, stage="prod", flow="shop") == [
                NIGHTLY,
                replace(hourly, last_tick=50.0, next_due=110.0),
                never,
            ]
            assert await tx.schedules.list(US, stage="dev") == []
            assert await tx.schedules.list(THEM) == []
            await tx.publications.remove(US, "shop", "prod", by="ann", at=2.0)
            assert await tx.schedules.list(US) == []
            assert await tx.schedules.next_due() is None


def draft(flow: str) -> Draft:
    return Draft(US, flow, "application/yaml", 2, "ann", 1.0, f"flow: {flow}\nnodes: [")
