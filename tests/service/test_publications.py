"""Stages and what is published to them: one by one, and in every order against a model."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from service.house import House, opened, played
from tenuto.ports.engine import StartRequest
from tenuto.ports.publications import Publication
from tenuto.ports.stages import Stage
from tenuto.service import flows, publications, stages
from tenuto.service.refusals import Refused
from tenuto.service.shelf import live_in
from tenuto.service.startable import resolve


def flow(value: object, name: str = "hello") -> str:
    return f"flow: {name}\nnodes:\n  a: {{use: set, with: {{value: {value}}}}}\noutput: ${{a}}\n"


async def publish(house: House, name: str, stage: str, version: int | None = None) -> Publication:
    async with house.store.write() as tx:
        return await publications.publish(house.platform.flows, tx, house.who(), name, stage, version)


async def create(house: House, name: str, **more: Any) -> Stage:
    async with house.store.write() as tx:
        return await stages.create(house.platform.flows, tx, house.who(), name, **more)


async def change(house: House, name: str, **more: Any) -> Stage:
    async with house.store.write() as tx:
        return await stages.change(house.platform.flows, tx, house.who(), name, **more)


async def delete(house: House, name: str) -> None:
    async with house.store.write() as tx:
        await stages.delete(house.platform.flows, tx, house.who(), name)


async def listed(house: House) -> list[tuple[str, int, bool]]:
    async with house.store.read() as tx:
        found = await stages.listing(tx, house.who())
    return [(stage.name, stage.order, stage.production) for stage in found]


async def refusal(act: Awaitable[Any]) -> str:
    with pytest.raises(Refused) as caught:
        await act
    return caught.value.code


class TestStages:
    def test_a_tenant_begins_with_three(self):
        """The last of them is production."""

        async def scene(house: House) -> None:
            assert await listed(house) == [("dev", 0, False), ("staging", 1, False), ("prod", 2, True)]

        played(scene)

    def test_a_new_one_stands_where_it_is_put(self):
        """The others make room; without a place it comes last."""

        async def scene(house: House) -> None:
            await create(house, "qa", order=1)
            await create(house, "live", order=99)

            assert [name for name, _, _ in await listed(house)] == ["dev", "qa", "staging", "prod", "live"]
            assert [order for _, order, _ in await listed(house)] == [0, 1, 2, 3, 4]

        played(scene)

    def test_one_is_production(self):
        """The mark moves; it can be taken away."""

        async def scene(house: House) -> None:
            await create(house, "live", production=True)
            moved = [name for name, _, production in await listed(house) if production]
            await change(house, "staging", production=True)
            again = [name for name, _, production in await listed(house) if production]
            await change(house, "staging", production=False)

            assert (moved, again) == (["live"], ["staging"])
            assert not any(production for _, _, production in await listed(house))

        played(scene)

    def test_they_can_change_places(self):
        """Nothing else changes."""

        async def scene(house: House) -> None:
            await change(house, "prod", order=0)

            assert await listed(house) == [("prod", 0, True), ("dev", 1, False), ("staging", 2, False)]

        played(scene)

    def test_only_an_empty_one_can_be_deleted(self):
        """And never the one where runs go that name none."""

        async def scene(house: House) -> None:
            await house.publish(flow(1), "staging")

            assert await refusal(delete(house, "staging")) == "in_use"
            assert await refusal(delete(house, "dev")) == "in_use"
            await house.unpublish("hello", "staging")
            await delete(house, "staging")
            assert [name for name, _, _ in await listed(house)] == ["dev", "prod"]
            assert await refusal(delete(house, "staging")) == "not_found"

        played(scene)

    def test_not_while_runs_on_it_have_not_ended(self):
        """They may need its secrets, which go with it."""
        waits = "flow: waits\nnodes:\n  a: {use: wait, with: {signal: go}}\n"

        async def scene(house: House) -> None:
            house.platform.flows.live = live_in(house.platform.archive)
            await house.save(waits)
            found = await resolve(house.platform, "default", "waits", None, "staging")
            run = await house.host.start(StartRequest(found, stage="staging"))

            assert await refusal(delete(house, "staging")) == "in_use"
            await house.host.cancel(run)
            await house.host.outcome(run)
            await delete(house, "staging")

        played(scene)

    def test_names_are_names_and_mock_is_reserved(self):
        """SECURITY 72: no path, no markup, nothing that a store or a log could misread."""

        async def scene(house: House) -> None:
            for name in ("", "*", "a b", "../x", "Prod", "x" * 64, "<b>", "a\n", "-a"):
                assert await refusal(create(house, name)) == "invalid", name
            assert await refusal(create(house, "mock")) == "conflict"
            assert await refusal(delete(house, "mock")) == "conflict"
            assert await refusal(create(house, "dev")) == "exists"

        played(scene)


class TestPublishing:
    def test_the_newest_unless_a_version_is_named(self):
        """Going back is publishing an older one."""

        async def scene(house: House) -> None:
            await house.save(flow(1))
            await house.save(flow(2))
            newest = await publish(house, "hello", "prod")
            back = await publish(house, "hello", "prod", 1)
            async with house.store.read() as tx:
                told = await publications.history(tx, house.who(), "hello")

            assert (newest.version, back.version) == (2, 1)
            assert [(change.stage, change.version) for change in told.items] == [("prod", 1), ("prod", 2)]

        played(scene)

    def test_publishing_what_is_published_changes_nothing(self):
        """No line in the history, nothing in the audit."""

        async def scene(house: House) -> None:
            first = await house.publish(flow(1), "prod")
            house.clock.now += 60
            again = await publish(house, "hello", "prod", 1)
            async with house.store.read() as tx:
                told = await publications.history(tx, house.who(), "hello")

            assert again == first
            assert len(told.items) == 1

        played(scene)

    def test_what_is_not_there_cannot_be_published(self):
        """Neither the flow, nor the version, nor the stage; nor a draft."""

        async def scene(house: House) -> None:
            await house.save(flow(1))

            assert await refusal(publish(house, "hello", "nowhere")) == "not_found"
            assert await refusal(publish(house, "hello", "prod", 2)) == "not_found"
            assert await refusal(publish(house, "helo", "prod")) == "not_found"
            assert await refusal(publish(house, "hello", "mock")) == "conflict"
            assert await refusal(house.unpublish("hello", "prod")) == "not_found"

        played(scene)

    def test_another_tenants_flow_and_stage_are_not_there(self):
        """Whatever their names."""

        async def scene(house: House) -> None:
            await house.tenant("other")
            await house.publish(flow(1), "prod")
            async with house.store.write() as tx:
                await stages.create(house.platform.flows, tx, house.who("other"), "theirs")

            assert await refusal(publish(house, "hello", "theirs")) == "not_found"
            async with house.store.read() as tx:
                assert await refusal(publications.of_flow(tx, house.who("other"), "hello")) == "not_found"

        played(scene)

    def test_a_version_that_cannot_run_here_is_refused(self):
        """A node that it names was there when it was saved, and is not any more."""

        async def scene(house: House) -> None:
            async with house.store.write() as tx:
                document = '{"flow":"old","nodes":{"a":{"use":"gone.away","with":{}}}}'
                await tx.versions.add(
                    "default", "old", hash="0" * 64, document=document, source=document, media_type=flows.JSON,
                    by="me", at=1.0,
                )  # fmt: skip

            assert await refusal(publish(house, "old", "dev")) == "invalid"

        played(scene)

    def test_it_is_written_down(self):
        """Who published what where in place of what."""

        async def scene(house: House) -> None:
            await house.publish(flow(1), "prod")
            await house.publish(flow(2), "prod")
            await house.unpublish("hello", "prod")
            async with house.store.read() as tx:
                page = await tx.audit.list("default", subject="hello")

            assert [(entry.action, entry.details) for entry in page.items if "publish" in entry.action] == [
                ("flows.unpublish", {"stage": "prod"}),
                ("flows.publish", {"stage": "prod", "version": 2, "before": 1}),
                ("flows.publish", {"stage": "prod", "version": 1, "before": None}),
            ]

        played(scene)

    def test_listeners_are_told_after_the_commit_only(self):
        """What was rolled back is heard by nobody."""

        async def scene(house: House) -> None:
            heard: list[str] = []

            class Listener:
                def published(self, publication: Publication) -> None:
                    heard.append(f"{publication.flow}@{publication.version}")

                def unpublished(self, tenant: str, flow: str, stage: str) -> None:
                    heard.append(f"-{flow}")

            house.platform.flows.listeners.append(Listener())
            await house.save(flow(1))
            with pytest.raises(ZeroDivisionError):
                await _publish_and_fail(house)
            assert heard == []
            await publish(house, "hello", "prod")
            await house.unpublish("hello", "prod")

            assert heard == ["hello@1", "-hello"]

        played(scene)


async def _publish_and_fail(house: House) -> None:
    async with house.store.write() as tx:
        await publications.publish(house.platform.flows, tx, house.who(), "hello", "prod")
        raise ZeroDivisionError


class FlowsAgainstAModel(RuleBasedStateMachine):
    """Saved, published, taken back, deleted in any order: as a dictionary would have it."""

    NAMES = st.sampled_from(["alpha", "beta"])
    STAGES = st.sampled_from(["dev", "prod"])

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.context = opened()
        self.house = self.runner.run(self.context.__aenter__())
        self.versions: dict[str, list[int]] = {}  # flow → what each version says
        self.where: dict[tuple[str, str], int] = {}  # flow and stage → version

    def teardown(self) -> None:
        self.runner.run(self.context.__aexit__(None, None, None))
        self.runner.close()

    def refused(self, act: Awaitable[Any]) -> str:
        return self.runner.run(refusal(act))  # type: ignore[arg-type]  # a coroutine

    @rule(name=NAMES, value=st.integers(0, 2))
    def save(self, name: str, value: int) -> None:
        saved = self.runner.run(self.house.save(flow(value, name)))
        known = self.versions.setdefault(name, [])
        if not known or known[-1] != value:
            known.append(value)
        assert saved == (name, len(known))

    @rule(name=NAMES, stage=STAGES, version=st.integers(1, 4))
    def publish(self, name: str, stage: str, version: int) -> None:
        act = publish(self.house, name, stage, version)
        if version > len(self.versions.get(name, [])):
            assert self.refused(act) == "not_found"
        else:
            self.runner.run(act)
            self.where[name, stage] = version

    @rule(name=NAMES, stage=STAGES)
    def unpublish(self, name: str, stage: str) -> None:
        act = self.house.unpublish(name, stage)
        if self.where.pop((name, stage), None) is None:
            assert self.refused(act) == "not_found"
        else:
            self.runner.run(act)

    @rule(name=NAMES)
    @precondition(lambda self: bool(self.versions))
    def delete(self, name: str) -> None:
        act = self._delete(name)
        if name not in self.versions:
            assert self.refused(act) == "not_found"
        elif any(flow == name for flow, _ in self.where):
            assert self.refused(act) == "in_use"
        else:
            self.runner.run(act)
            del self.versions[name]

    async def _delete(self, name: str) -> None:
        async with self.house.store.write() as tx:
            await flows.delete(self.house.platform.flows, tx, self.house.who(), name)

    @invariant()
    def the_store_says_what_the_model_says(self) -> None:
        self.runner.run(self._compare())

    async def _compare(self) -> None:
        async with self.house.store.read() as tx:
            page = await flows.listing(self.house.platform.flows, tx, self.house.who())
        assert {each.entry.name: each.entry.number for each in page.items} == {
            name: len(known) for name, known in self.versions.items()
        }
        assert {(each.entry.name, stage): number for each in page.items for stage, number in each.stages.items()} == (
            self.where
        )
        for name, known in self.versions.items():
            meant = known[self.where.get((name, "dev"), len(known)) - 1]
            found: Any = await resolve(self.house.platform, "default", name, None, "dev")
            assert found.document["nodes"]["a"]["with"]["value"] == meant


TestFlowsAgainstAModel = FlowsAgainstAModel.TestCase
TestFlowsAgainstAModel.settings = settings(max_examples=6, stateful_step_count=25, deadline=None)
