"""Which text a name means, and how long that is remembered."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from service.house import House, played
from tenuto.ports.engine import StartRequest
from tenuto.ports.flows import NoSuchFlow
from tenuto.ports.stages import Stage
from tenuto.ports.store import Transaction
from tenuto.service import publications
from tenuto.service.published import Published
from tenuto.service.refusals import Refused
from tenuto.service.startable import resolve, validate_inline


def flow(value: object, name: str = "hello") -> str:
    return f"flow: {name}\nnodes:\n  a: {{use: set, with: {{value: {value}}}}}\noutput: ${{a}}\n"


DOCUMENT: dict[str, Any] = {"flow": "inline", "nodes": {"a": {"use": "set", "with": {"value": 1}}}}


def value_of(found: Any) -> object:
    return found.document["nodes"]["a"]["with"]["value"]


class Counting:
    """A store that counts who reads."""

    def __init__(self, store: Any) -> None:
        self.store, self.reads = store, 0

    def write(self) -> Any:
        return self.store.write()

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Transaction]:
        self.reads += 1
        async with self.store.read() as tx:
            yield tx

    async def close(self) -> None:
        return


class TestWhatANameMeans:
    def test_the_version_else_what_is_published_else_the_newest(self):
        """SEMANTICS 39, 44: nothing said is the newest; a stage says what is published there."""

        async def scene(house: House) -> None:
            await house.publish(flow(1), "staging")
            await house.save(flow(2))
            found = {
                (version, stage): value_of(await resolve(house.platform, "default", "hello", version, stage))
                for version in (None, 1, "2")
                for stage in (None, "dev", "staging")
            }

            assert found == {
                (None, None): 2, (None, "dev"): 2, (None, "staging"): 1,
                (1, None): 1, (1, "dev"): 1, (1, "staging"): 1,
                ("2", None): 2, ("2", "dev"): 2, ("2", "staging"): 2,
            }  # fmt: skip

        played(scene)

    def test_on_production_only_what_is_published_there_is_started(self):
        """Neither the newest nor a version by its number goes around whoever publishes."""

        async def scene(house: House) -> None:
            await house.save(flow(1))
            for version in (None, 1):
                with pytest.raises(Refused, match="version 1 of `hello` is not published") as caught:
                    await resolve(house.platform, "default", "hello", version, "prod")
                assert caught.value.code == "not_published"
            await house.publish(flow(2), "prod")
            await house.save(flow(3))
            with pytest.raises(Refused, match="version 3 of `hello` is not published"):
                await resolve(house.platform, "default", "hello", 3, "prod")

            assert value_of(await resolve(house.platform, "default", "hello", None, "prod")) == 2
            assert value_of(await resolve(house.platform, "default", "hello", 2, "prod")) == 2

        played(scene)

    def test_a_version_is_also_called_by_its_hash(self):
        """Or by how that begins, as a run shows it: what says the same is the same, on production, too."""

        async def scene(house: House) -> None:
            for value in (1, 2, 1):
                await house.save(flow(value))
            async with house.store.write() as tx:
                await publications.publish(house.platform.flows, tx, house.who(), "hello", "prod", 1)
            first = await resolve(house.platform, "default", "hello", 1)
            found = [
                await resolve(house.platform, "default", "hello", version, "prod")
                for version in (first.hash, first.hash[:12], 3)
            ]
            with pytest.raises(Refused, match="no version"):
                await resolve(house.platform, "default", "hello", first.hash[:11])

            assert [value_of(each) for each in found] == [1, 1, 1]

        played(scene)

    def test_a_stage_must_exist(self):
        """The nearest is offered. `mock` is there without being made."""

        async def scene(house: House) -> None:
            await house.save(flow(1))
            with pytest.raises(Refused, match="no stage `prdo`") as caught:
                await resolve(house.platform, "default", "hello", None, "prdo")
            found = await resolve(house.platform, "default", "hello", None, "mock")

            assert caught.value.hint == "did you mean `prod`?"
            assert value_of(found) == 1

        played(scene)

    def test_a_tenant_resolves_its_own_flows(self):
        """A name of another tenant is no name."""

        async def scene(house: House) -> None:
            await house.tenant("other")
            await house.save(flow(1))
            await house.save(flow(2), "other")
            mine = await resolve(house.platform, "other", "hello")
            with pytest.raises(Refused):
                await resolve(house.platform, "third", "hello")

            assert value_of(mine) == 2

        played(scene)


class TestCalls:
    def test_a_call_takes_what_is_published_on_the_stage_of_its_run(self):
        """SEMANTICS 39; on production, too, the newest of what was never published there."""

        async def scene(house: House) -> None:
            await house.publish(flow(1), "prod")
            await house.save(flow(2))
            await house.save(flow(1, "other"))
            published = house.platform.flows.published
            asked = [("hello", None), ("hello", "2"), ("other", None)]
            found = [
                await published.find(name, version, stage="prod", tenant="default", beside="x.yaml")
                for name, version in asked
            ]

            assert [value_of(each.flow) for each in found] == [1, 2, 1]
            assert all(each.version == each.flow.hash for each in found)

        played(scene)

    def test_what_is_called_and_not_there_is_said(self):
        """In a sentence that the run can show."""

        async def scene(house: House) -> None:
            await house.save(flow(1))
            with pytest.raises(NoSuchFlow, match="there is no flow `helo` \\(did you mean `hello`\\?\\)"):
                await house.platform.flows.published.find("helo", None, stage="dev", tenant="default")
            with pytest.raises(NoSuchFlow, match="no version 7"):
                await house.platform.flows.published.find("hello", "7", stage="dev", tenant="default")

        played(scene)

    def test_a_run_calls_a_flow_that_was_saved(self):
        """End to end, by number."""

        async def scene(house: House) -> None:
            await house.save(flow(1))
            await house.save(flow(2))
            caller = "flow: caller\nnodes:\n  b: {use: call, with: {flow: hello, version: 1}}\noutput: ${b}\n"
            await house.save(caller)
            run = await house.host.start(StartRequest(await resolve(house.platform, "default", "caller")))
            outcome = await house.host.outcome(run)

            assert (outcome.status, outcome.output) == ("succeeded", 1)

        played(scene)


class TestRemembering:
    def test_a_warm_start_asks_the_store_for_nothing(self):
        """A dictionary look-up, for as long as an answer holds."""

        async def scene(house: House) -> None:
            await house.publish(flow(1))
            store, now = Counting(house.store), [0.0]
            published = Published(store, house.platform.flows.library, lambda: now[0])
            first = await published.resolve("default", "hello", None, "dev")
            reads = store.reads
            again = [await published.resolve("default", "hello", None, "dev") for _ in range(100)]
            warm = store.reads - reads
            now[0] = 1.1
            await published.resolve("default", "hello", None, "dev")

            assert all(each.flow is first.flow for each in again)
            assert warm == 0
            assert store.reads > reads

        played(scene)

    def test_a_write_of_this_process_is_seen_at_once(self):
        """Saving, publishing, taking back, deleting."""

        async def scene(house: House) -> None:
            async def now() -> object:
                return value_of(await resolve(house.platform, "default", "hello", None, "dev"))

            await house.save(flow(1))
            seen = [await now()]
            await house.publish(flow(2))
            seen.append(await now())
            await house.save(flow(3))
            seen.append(await now())
            await house.unpublish("hello")
            seen.append(await now())

            assert seen == [1, 2, 2, 3]

        played(scene)

    def test_a_write_of_another_process_is_seen_within_a_second(self):
        """Here: of another memory over the same store."""

        async def scene(house: House) -> None:
            now = [0.0]
            other = Published(house.store, house.platform.flows.library, lambda: now[0])
            await house.save(flow(1))
            await other.resolve("default", "hello")
            await house.save(flow(2))
            now[0] = 1.01

            assert value_of((await other.resolve("default", "hello")).flow) == 2

        played(scene)

    def test_what_was_read_before_a_change_is_not_remembered_after_it(self):
        """A look-up that a write overtook answers, and is forgotten."""

        async def scene(house: House) -> None:
            await house.save(flow(1))
            published = house.platform.flows.published
            version = None

            class Overtaken(Counting):
                @asynccontextmanager
                async def read(self) -> AsyncGenerator[Transaction]:
                    nonlocal version
                    async with self.store.read() as tx:
                        yield tx
                    if version is None:
                        version = 0
                        version = (await house.save(flow(2)))[1]

            published.store = Overtaken(house.store)
            await published.stage("default", None)
            await resolve(house.platform, "default", "hello")

            assert value_of(await resolve(house.platform, "default", "hello")) == 2

        played(scene)


class TestInlineDocuments:
    def test_it_is_checked_and_runs_where_it_may(self):
        """Not on production, and not on a stage that is not there."""

        async def scene(house: House) -> None:
            found = await validate_inline(house.platform, house.who(), DOCUMENT)
            with pytest.raises(Refused, match="never runs on the production stage") as caught:
                await validate_inline(house.platform, house.who(), DOCUMENT, "prod")
            with pytest.raises(Refused, match="no stage"):
                await validate_inline(house.platform, house.who(), DOCUMENT, "nowhere")

            assert found.name == "inline"
            assert caught.value.code == "forbidden"

        played(scene)

    def test_problems_are_listed(self):
        """As when it is saved; of schemas, too."""

        async def scene(house: House) -> None:
            wrong = {**DOCUMENT, "input": {"schema": {"type": "nothing"}}}
            for document in ({}, {"flow": "x", "nodes": {}, "oops": 1}, wrong):
                with pytest.raises(Refused, match="has problems"):
                    await validate_inline(house.platform, house.who(), document)

        played(scene)

    def test_it_needs_the_permission_to_save(self):
        """SEMANTICS 44."""

        async def scene(house: House) -> None:
            who = replace(house.who(), permissions=frozenset({"runs:write"}))
            with pytest.raises(Refused, match="flows:write"):
                await validate_inline(house.platform, who, DOCUMENT)

        played(scene)

    def test_a_large_one_is_read_beside_the_loop(self):
        """The answer is the same."""

        async def scene(house: House) -> None:
            nodes = {f"n{number}": {"use": "set", "with": {"value": number}} for number in range(300)}
            found = await validate_inline(house.platform, house.who(), {"flow": "big", "nodes": nodes})

            assert len(found.body.nodes) == 300

        played(scene)


def test_another_stage_can_be_production():
    """The mark says it, not the name."""

    async def scene(house: House) -> None:
        async with house.store.write() as tx:
            await tx.stages.put(Stage("default", "live", 3, production=True))
        house.platform.flows.published.forget()
        await house.save(flow(1))
        with pytest.raises(Refused, match="production stage `live`"):
            await resolve(house.platform, "default", "hello", None, "live")

        assert value_of(await resolve(house.platform, "default", "hello", None, "prod")) == 1

    played(scene)
