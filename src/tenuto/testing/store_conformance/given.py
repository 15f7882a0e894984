"""What runs are given: sealed secrets, values of variables."""

from dataclasses import replace

from tenuto.ports.engine import Refused
from tenuto.ports.records import Json, Missing
from tenuto.ports.sealed import ANY_STAGE, OF_THE_HOUSE, Sealed
from tenuto.ports.store import Store
from tenuto.ports.values import Value
from tenuto.testing.store_conformance.suite import THEM, US, Suite, stored

TOKEN = Sealed(US, "dev", "TOKEN", 1, "ann", 1.0, b"\0nonce", b"\xff\0cipher", b"wrapped", "k1", hosts=("a.example",))


class Given(Suite):
    @stored
    async def test_a_secret_is_found_exactly_where_it_was_put(self, store: Store) -> None:
        everywhere = replace(TOKEN, stage=ANY_STAGE, key_id="k2")
        async with store.write() as tx:
            await tx.sealed.put(replace(TOKEN, version=9, ciphertext=b"old"))
            await tx.sealed.put(TOKEN)
            await tx.sealed.put(everywhere)
            await tx.sealed.put(replace(TOKEN, tenant=THEM))

            assert await tx.sealed.get(US, "dev", "TOKEN") == TOKEN
            assert await tx.sealed.get(US, ANY_STAGE, "TOKEN") == everywhere
            assert await tx.sealed.get(US, "prod", "TOKEN") is None
            assert [entry.stage for entry in (await tx.sealed.list(US)).items] == [ANY_STAGE, "dev"]
            assert [entry.stage for entry in (await tx.sealed.list(US, stage="dev")).items] == ["dev"]
            assert [found.tenant for found in await tx.sealed.not_under("k2")] == [US, THEM]
            assert await tx.sealed.delete(THEM, "dev", "TOKEN")
            assert not await tx.sealed.delete(THEM, "dev", "TOKEN")
            assert await tx.sealed.get(US, "dev", "TOKEN") == TOKEN

    @stored
    async def test_a_list_of_secrets_tells_no_values(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.sealed.put(TOKEN)
            await tx.sealed.put(replace(TOKEN, stage=OF_THE_HOUSE))
            listed = (await tx.sealed.list(US)).items

        assert [entry.stage for entry in listed] == ["dev"]
        assert not hasattr(listed[0], "ciphertext")

    @stored
    async def test_values_are_any_json(self, store: Store) -> None:
        odd: list[Json] = [None, True, 0, 2**70, 1.5, "", "a\0b", "\ud800", {"": [{"x": None}]}, [[]], "NULL", 1e300]
        async with store.write() as tx:
            for number, value in enumerate(odd):
                await tx.variables.put(Value(US, "dev", f"V{number:02}", value, "ann", 1.0))

        async with store.read() as tx:
            assert [found.value for found in (await tx.variables.list(US)).items] == odd
        refused = False
        try:
            async with store.write() as tx:
                await tx.variables.put(Value(US, "dev", "N", float("nan"), "ann", 1.0))
        except Refused:
            refused = True
        assert refused

    @stored
    async def test_what_holds_in_a_stage_is_its_own_and_what_holds_everywhere(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.variables.put(Value(US, ANY_STAGE, "A", 1, "ann", 1.0))
            await tx.variables.put(Value(US, ANY_STAGE, "B", 2, "ann", 1.0))
            await tx.variables.put(Value(US, "dev", "B", 3, "ann", 1.0))
            await tx.variables.put(Value(US, "prod", "C", 4, "ann", 1.0))
            await tx.variables.put(Value(THEM, ANY_STAGE, "A", 5, "eve", 1.0))

            assert {value.name: value.value for value in await tx.variables.of_stage(US, "dev")} == {"A": 1, "B": 3}
            assert [value.value for value in (await tx.variables.list(US, stage=ANY_STAGE)).items] == [1, 2]
            assert await tx.variables.get(US, "dev", "A") is None
            assert not await tx.variables.delete(THEM, "dev", "B")
            assert await tx.variables.delete(US, "dev", "B")
            assert {value.name: value.value for value in await tx.variables.of_stage(US, "dev")} == {"A": 1, "B": 2}

    @stored
    async def test_a_stage_takes_its_own_secrets_and_variables_along(self, store: Store) -> None:
        async with store.write() as tx:
            for stage in ("dev", ANY_STAGE):
                await tx.sealed.put(replace(TOKEN, stage=stage))
                await tx.variables.put(Value(US, stage, "A", 1, "ann", 1.0))
            await tx.sealed.put(replace(TOKEN, tenant=THEM))
            await tx.stages.delete(US, "dev")

            assert [entry.stage for entry in (await tx.sealed.list(US)).items] == [ANY_STAGE]
            assert [value.stage for value in (await tx.variables.list(US)).items] == [ANY_STAGE]
            assert await tx.sealed.get(THEM, "dev", "TOKEN") is not None

    @stored
    async def test_nothing_is_kept_for_a_tenant_that_there_is_not(self, store: Store) -> None:
        missing = 0
        for put in (replace(TOKEN, tenant="nobody"), Value("nobody", "dev", "A", 1, "ann", 1.0)):
            try:
                async with store.write() as tx:
                    await (tx.sealed.put(put) if isinstance(put, Sealed) else tx.variables.put(put))
            except Missing:
                missing += 1

        assert missing == 2
