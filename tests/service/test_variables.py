"""Variables of a stage: those of the store over those of the settings, for one tenant alone."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tenuto.ports.sealed import ANY_STAGE
from tenuto.ports.tenants import Tenant
from tenuto.service import variables
from tenuto.service.principal import EVERYTHING, Principal
from tenuto.service.refusals import Refused
from tenuto.service.variables import StoredVariables
from tenuto.stores.sql import temporary_store

FILE = {"TONE": "from the file", "SIZE": 3}


def who(tenant: str = "default") -> Principal:
    return Principal("admin", "me", "me", tenant, frozenset({EVERYTHING}))


def played(scene: Callable[[StoredVariables], Coroutine[Any, Any, None]]) -> None:
    async def play() -> None:
        store = await temporary_store()
        try:
            async with store.write() as tx:
                await tx.tenants.add(Tenant("other", "Other", 1.0))
            await scene(StoredVariables(store, lambda stage: {**FILE, "STAGE": stage}))
        finally:
            await store.close()

    asyncio.run(play())


async def put(
    stored: StoredVariables, name: str, value: Any, *, tenant: str = "default", stage: str = ANY_STAGE
) -> None:
    async with stored.store.write() as tx:
        await variables.put(stored, tx, who(tenant), name, value, stage=stage)


def test_the_store_is_over_the_file_and_a_stage_over_every_stage():
    async def scene(stored: StoredVariables) -> None:
        await put(stored, "TONE", "from the store")
        await put(stored, "TONE", {"for": ["dev"]}, stage="dev")

        assert await stored.get(tenant="default", stage="dev") == {**FILE, "STAGE": "dev", "TONE": {"for": ["dev"]}}
        assert (await stored.get(tenant="default", stage="prod"))["TONE"] == "from the store"

    played(scene)


def test_a_tenant_sees_neither_anothers_nor_the_file():
    async def scene(stored: StoredVariables) -> None:
        await put(stored, "TONE", "ours")
        assert await stored.get(tenant="other", stage="dev") == {}
        await put(stored, "TONE", "theirs", tenant="other")

        assert await stored.get(tenant="other", stage="dev") == {"TONE": "theirs"}
        assert (await stored.get(tenant="default", stage="dev"))["TONE"] == "ours"

    played(scene)


def test_a_change_is_seen_at_once_and_one_of_another_process_soon():
    async def scene(stored: StoredVariables) -> None:
        now = 0.0
        stored.clock = lambda: now
        await put(stored, "TONE", 1)
        assert (await stored.get(tenant="default", stage="dev"))["TONE"] == 1
        await put(stored, "TONE", 2)
        assert (await stored.get(tenant="default", stage="dev"))["TONE"] == 2

        await put(StoredVariables(stored.store, stored.settings), "TONE", 3)
        assert (await stored.get(tenant="default", stage="dev"))["TONE"] == 2
        now = 2.1
        assert (await stored.get(tenant="default", stage="dev"))["TONE"] == 3

    played(scene)


def test_they_are_listed_shown_and_deleted_where_they_are():
    async def scene(stored: StoredVariables) -> None:
        await put(stored, "A", None)
        await put(stored, "A", 1, stage="dev")
        async with stored.store.write() as tx:
            listed = (await variables.listing(tx, who())).items
            assert [(value.stage, value.value) for value in listed] == [("*", None), ("dev", 1)]
            assert (await variables.listing(tx, who(), stage="dev")).items == [listed[1]]
            assert await variables.get(tx, who(), "A", stage="dev") == listed[1]
            await variables.delete(stored, tx, who(), "A", stage="dev")
            with pytest.raises(Refused, match="for the stage `dev`"):
                await variables.get(tx, who(), "A", stage="dev")
            with pytest.raises(Refused, match="for every stage"):
                await variables.delete(stored, tx, who("other"), "A")
            told = (await tx.audit.list("default")).items
        assert [entry.action for entry in told] == ["variables.delete", "variables.set", "variables.set"]

    played(scene)


@pytest.mark.parametrize(
    ("name", "value", "stage", "code"),
    [
        ("a.b", 1, "*", "invalid"),
        ("A", "x" * 70_000, "*", "too_large"),
        ("A", 1, "nowhere", "not_found"),
        ("A", float("inf"), "*", "invalid"),
    ],
)
def test_what_cannot_be_is_refused(name: str, value: Any, stage: str, code: str):
    async def scene(stored: StoredVariables) -> None:
        with pytest.raises(Refused) as refused:
            await put(stored, name, value, stage=stage)

        assert refused.value.code == code

    played(scene)
