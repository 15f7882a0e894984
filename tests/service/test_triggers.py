"""Triggers are active exactly where a version is published."""

from typing import Any

import pytest

from service.house import NOW, Clock, House, played
from tenuto.service import publications
from tenuto.service.refusals import Refused
from tenuto.service.triggers import Triggers

NODES = "nodes: {a: {use: set, with: {value: 1}}}\n"


def hook(flow: str = "orders", path: str = "/orders/{id}", method: str = "POST") -> str:
    return f"flow: {flow}\ntriggers: [{{http: {{path: '{path}', method: {method}, auth: none}}}}]\n{NODES}"


def cron(flow: str = "nightly", line: str = "0 9 * * *", more: str = "") -> str:
    return f"flow: {flow}\ntriggers: [{{cron: '{line}'{more}}}]\n{NODES}"


def on_event(flow: str = "listener", kind: str = "order.created") -> str:
    return f"flow: {flow}\ntriggers: [{{event: {{type: {kind}}}}}]\n{NODES}"


async def found(table: Triggers, path: str = "/orders/5", stage: str = "dev", tenant: str = "default") -> Any:
    matched = await table.route(tenant, stage, "POST", path.split("/")[1:])
    return None if matched.found is None else (matched.found.flow, matched.found.version, dict(matched.parameters))


def table_of(house: House, clock: Clock | None = None) -> Triggers:
    table = Triggers(house.store, clock or Clock())
    house.platform.flows.listeners.append(table)
    return table


class TestTheTable:
    def test_has_what_is_published_and_no_more(self):
        async def scene(house: House) -> None:
            table = table_of(house)
            await house.save(hook())
            assert await found(table) is None

            await house.publish(hook())
            assert await found(table) == ("orders", 1, {"id": "5"})
            assert await found(table, stage="prod") is None
            assert await found(table, tenant="other") is None

            await house.unpublish("orders")
            assert await found(table) is None

        played(scene)

    def test_follows_the_version_that_is_published(self):
        async def scene(house: House) -> None:
            table = table_of(house)
            await house.publish(hook())

            await house.publish(hook(path="/changed"))

            assert await found(table) is None
            assert await found(table, "/changed") == ("orders", 2, {})

        played(scene)

    def test_of_another_process_follows_within_two_seconds(self):
        async def scene(house: House) -> None:
            clock = Clock()
            elsewhere = Triggers(house.store, clock)
            assert await found(elsewhere) is None

            await house.publish(hook())
            assert await found(elsewhere) is None

            clock.now += 2
            assert await found(elsewhere) == ("orders", 1, {"id": "5"})

        played(scene)

    def test_is_read_off_the_publications_at_the_start(self):
        async def scene(house: House) -> None:
            await house.publish(hook(), "prod")
            await house.publish(on_event())
            await house.publish(cron())

            table = Triggers(house.store, Clock())

            assert await found(table, stage="prod") == ("orders", 1, {"id": "5"})
            assert [each.flow for each in await table.on_event("default", "order.created")] == ["listener"]
            assert await table.on_event("other", "order.created") == ()
            assert [each.flow for each in await table.crons()] == ["nightly"]

        played(scene)

    def test_what_was_not_committed_is_not_there(self):
        async def scene(house: House) -> None:
            table = table_of(house)
            name, version = await house.save(hook())

            async def publish_and_fail() -> None:
                async with house.store.write() as tx:
                    await publications.publish(house.platform.flows, tx, house.who(), name, "dev", version)
                    raise ZeroDivisionError

            with pytest.raises(ZeroDivisionError):
                await publish_and_fail()

            assert await found(table) is None

        played(scene)


class TestConflicts:
    def test_a_route_of_another_flow_is_refused(self):
        async def scene(house: House) -> None:
            await house.publish(hook())

            with pytest.raises(Refused) as error:
                await house.publish(hook("others", "/orders/{number}"))

            assert error.value.code == "conflict"
            assert str(error.value) == "`orders` takes POST /orders/{id} in `dev` already"
            assert await house.runs() == []
            async with house.store.read() as tx:
                assert [each.flow for each in await tx.publications.list("default")] == ["orders"]

        played(scene)

    def test_elsewhere_the_same_route_is_another(self):
        async def scene(house: House) -> None:
            await house.tenant("other")
            await house.publish(hook())

            await house.publish(hook("others"), "prod")
            await house.publish(hook("others"), tenant="other")
            await house.publish(hook("third", "/orders/{id}", "GET"))
            await house.publish(hook("fourth", "/orders/{id:int}"))
            await house.publish(hook(path="/orders/{again}"))

        played(scene)


class TestSchedules:
    def test_begin_with_the_publication_and_end_with_it(self):
        async def scene(house: House) -> None:
            await house.publish(cron())
            async with house.store.read() as tx:
                (schedule,) = await tx.schedules.list("default")
            assert (schedule.flow, schedule.cron, schedule.timezone) == ("nightly", "0 9 * * *", "UTC")
            assert schedule.next_due == NOW + 3600

            await house.unpublish("nightly")
            async with house.store.read() as tx:
                assert await tx.schedules.list("default") == []

        played(scene)

    def test_a_new_version_with_the_same_line_goes_on_where_it_was(self):
        async def scene(house: House) -> None:
            await house.publish(cron())
            house.clock.now += 10_000  # a tick has come, and nobody was there

            await house.publish(cron(more=", input: {a: 1}"))
            async with house.store.read() as tx:
                (same,) = await tx.schedules.list("default")
            await house.publish(cron(line="0 10 * * *"))
            async with house.store.read() as tx:
                (other,) = await tx.schedules.list("default")

            assert (same.version, same.next_due) == (2, NOW + 3600)
            assert (other.version, other.next_due) == (3, NOW + 86_400 + 7200)

        played(scene)

    def test_a_trigger_is_found_by_its_schedule_while_it_holds(self):
        async def scene(house: House) -> None:
            table = table_of(house)
            await house.publish(cron())
            async with house.store.read() as tx:
                (schedule,) = await tx.schedules.list("default")
            trigger = await table.cron(schedule)
            assert trigger is not None
            assert trigger.source == "cron:dev:nightly:0"

            await house.publish(cron(line="1 9 * * *"))

            assert await table.cron(schedule) is None

        played(scene)
