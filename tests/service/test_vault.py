"""Secrets are sealed for one place, opened for whom they are meant, and survive a change of the master key."""

import asyncio
import base64
import secrets as dice
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tenuto.hosts.local.secrets import EnvironmentSecrets
from tenuto.ports.sealed import ANY_STAGE, Sealed, SealedEntry
from tenuto.ports.secrets import BoundSecret
from tenuto.ports.tenants import Tenant
from tenuto.service import secrets
from tenuto.service.master_keys import FileKeys, GivenKeys, MasterKey
from tenuto.service.principal import EVERYTHING, Principal
from tenuto.service.refusals import Refused
from tenuto.service.sealing import Unopened, rewrap, seal, unseal
from tenuto.service.vault import Vault
from tenuto.stores.sql import SqlStore, temporary_store

ONE, TWO = MasterKey("one", dice.token_bytes(32)), MasterKey("two", dice.token_bytes(32))
PLACE = SealedEntry("default", "dev", "TOKEN", 1, "ann", 1.0)
VALUE = "s3cr3t-välue"


@dataclass
class Bank:
    store: SqlStore
    vault: Vault

    async def set(self, name: str, value: str, *, tenant: str = "default", stage: str = ANY_STAGE) -> SealedEntry:
        async with self.store.write() as tx:
            return await secrets.put(self.vault, tx, who(tenant), name, value, stage=stage)

    async def get(self, name: str, *, tenant: str = "default", stage: str = "dev") -> str:
        return await self.vault.get(name, tenant=tenant, stage=stage)

    async def row(self, name: str, *, tenant: str = "default", stage: str = ANY_STAGE) -> Sealed:
        async with self.store.read() as tx:
            found = await tx.sealed.get(tenant, stage, name)
        assert found is not None
        return found


def who(tenant: str = "default") -> Principal:
    return Principal("admin", "me", "me", tenant, frozenset({EVERYTHING}))


def banked(scene: Callable[[Bank], Coroutine[Any, Any, None]], folder: Path, **environment: str) -> None:
    """A vault on a store of its own, with a second tenant."""

    async def play() -> None:
        store = await temporary_store()
        try:
            async with store.write() as tx:
                await tx.tenants.add(Tenant("other", "Other", 1.0))
            vault = Vault(store, FileKeys(folder / "secret.key"), EnvironmentSecrets(environment))
            await scene(Bank(store, vault))
        finally:
            await store.close()

    asyncio.run(play())


class TestTheSeal:
    def test_what_was_sealed_opens_and_shows_nothing(self) -> None:
        sealed = seal(PLACE, VALUE, ONE)

        assert unseal(sealed, ONE) == VALUE
        assert VALUE.encode() not in sealed.ciphertext + sealed.wrapped + sealed.nonce

    def test_the_same_value_never_looks_the_same(self) -> None:
        first, second = seal(PLACE, VALUE, ONE), seal(PLACE, VALUE, ONE)

        assert {first.nonce, first.ciphertext, first.wrapped}.isdisjoint(
            {second.nonce, second.ciphertext, second.wrapped}
        )

    @pytest.mark.parametrize(
        "change",
        [
            {"tenant": "other"},
            {"stage": "prod"},
            {"stage": ANY_STAGE},
            {"name": "OTHER"},
            {"version": 2},
            {"hosts": ("anywhere.example",)},
            {"nonce": b"\0" * 12},
            {"nonce": b""},
            {"ciphertext": b""},
            {"wrapped": b""},
            {"wrapped": b"\0" * 60},
        ],
    )
    def test_moved_or_changed_it_does_not_open(self, change: dict[str, Any]) -> None:
        sealed = replace(seal(PLACE, VALUE, ONE), **change)

        with pytest.raises(Unopened) as unopened:
            unseal(sealed, ONE)

        assert VALUE not in str(unopened.value)

    def test_places_that_read_alike_are_not_alike(self) -> None:
        """`a` + `bc` is not `ab` + `c`."""
        sealed = seal(replace(PLACE, tenant="a", stage="bc"), VALUE, ONE)

        with pytest.raises(Unopened):
            unseal(replace(sealed, tenant="ab", stage="c"), ONE)

    def test_every_flipped_bit_is_noticed(self) -> None:
        sealed = seal(PLACE, VALUE, ONE)
        for part in ("nonce", "ciphertext", "wrapped"):
            content = bytearray(getattr(sealed, part))
            for place in range(len(content)):
                content[place] ^= 1
                with pytest.raises(Unopened):
                    unseal(replace(sealed, **{part: bytes(content)}), ONE)
                content[place] ^= 1

    def test_another_key_does_not_open_it_until_it_is_wrapped_anew(self) -> None:
        sealed = seal(PLACE, VALUE, ONE)
        with pytest.raises(Unopened):
            unseal(sealed, TWO)

        moved = replace(sealed, wrapped=rewrap(sealed, ONE, TWO), key_id=TWO.id)

        assert unseal(moved, TWO) == VALUE
        assert moved.ciphertext == sealed.ciphertext


class TestGetting:
    def test_the_one_of_the_stage_comes_before_the_one_of_every_stage(self, tmp_path: Path) -> None:
        async def scene(bank: Bank) -> None:
            await bank.set("TOKEN", "everywhere")
            await bank.set("TOKEN", "in dev", stage="dev")

            assert await bank.get("TOKEN", stage="dev") == "in dev"
            assert await bank.get("TOKEN", stage="prod") == "everywhere"
            assert await bank.get("TOKEN", stage="mock") == "everywhere"

        banked(scene, tmp_path)

    def test_no_tenant_gets_anothers(self, tmp_path: Path) -> None:
        async def scene(bank: Bank) -> None:
            await bank.set("TOKEN", "ours")
            with pytest.raises(KeyError, match="there is no secret `TOKEN` for the stage `dev`"):
                await bank.get("TOKEN", tenant="other")
            await bank.set("TOKEN", "theirs", tenant="other")

            assert await bank.get("TOKEN") == "ours"
            assert await bank.get("TOKEN", tenant="other") == "theirs"

        banked(scene, tmp_path)

    def test_a_row_copied_to_another_tenant_does_not_open(self, tmp_path: Path) -> None:
        async def scene(bank: Bank) -> None:
            await bank.set("TOKEN", "ours")
            row = await bank.row("TOKEN")
            async with bank.store.write() as tx:
                await tx.sealed.put(replace(row, tenant="other"))
                await tx.sealed.put(replace(row, stage="prod"))
                await tx.sealed.put(replace(row, name="OTHER"))

            for name, tenant, stage in (
                ("TOKEN", "other", "dev"),
                ("TOKEN", "default", "prod"),
                ("OTHER", "default", "dev"),
            ):
                with pytest.raises(KeyError, match="does not open"):
                    await bank.get(name, tenant=tenant, stage=stage)

        banked(scene, tmp_path)

    def test_the_environment_is_below_the_store_and_the_default_tenants_alone(self, tmp_path: Path) -> None:
        async def scene(bank: Bank) -> None:
            assert await bank.get("TOKEN") == "from the environment"
            with pytest.raises(KeyError):
                await bank.get("TOKEN", tenant="other")
            await bank.set("TOKEN", "from the store")

            assert await bank.get("TOKEN") == "from the store"

        banked(scene, tmp_path, TENUTO_SECRET_TOKEN="from the environment")

    @pytest.mark.parametrize("name", ["KEY", "key", "Key"])
    def test_no_flow_gets_the_master_key_as_a_secret(self, tmp_path: Path, name: str) -> None:
        """TENUTO_SECRET_KEY looks like the secret `KEY`."""

        async def scene(bank: Bank) -> None:
            with pytest.raises(KeyError, match="no flow is given it"):
                await bank.get(name)
            with pytest.raises(Refused):
                await bank.set(name, "value")

        banked(scene, tmp_path, TENUTO_SECRET_KEY="the master key")

    def test_a_change_is_seen_at_once_and_one_of_another_process_soon(self, tmp_path: Path) -> None:
        async def scene(bank: Bank) -> None:
            now = 0.0
            bank.vault.clock = lambda: now
            await bank.set("TOKEN", "first")
            assert await bank.get("TOKEN") == "first"
            await bank.set("TOKEN", "second")
            assert await bank.get("TOKEN") == "second"

            beside = replace(bank, vault=Vault(bank.store, FileKeys(tmp_path / "secret.key")))
            await beside.set("TOKEN", "third")
            assert await bank.get("TOKEN") == "second"
            now = 2.1
            assert await bank.get("TOKEN") == "third"

        banked(scene, tmp_path)

    def test_what_is_remembered_is_sealed(self, tmp_path: Path) -> None:
        async def scene(bank: Bank) -> None:
            await bank.set("TOKEN", VALUE)
            await bank.get("TOKEN")

            assert VALUE not in repr(bank.vault)
            assert bank.vault._known

        banked(scene, tmp_path)

    def test_one_that_is_bound_says_where_it_may_be_sent(self, tmp_path: Path) -> None:
        async def scene(bank: Bank) -> None:
            async with bank.store.write() as tx:
                await secrets.put(bank.vault, tx, who(), "TOKEN", VALUE, hosts=["B.example.", "a.example"])
            await secrets.rotate(bank.vault, who())

            value = await bank.get("TOKEN")

            assert isinstance(value, BoundSecret)
            assert (value, value.hosts) == (VALUE, ("a.example", "b.example"))

        banked(scene, tmp_path)

    def test_a_row_whose_hosts_were_widened_does_not_open(self, tmp_path: Path) -> None:
        async def scene(bank: Bank) -> None:
            async with bank.store.write() as tx:
                await secrets.put(bank.vault, tx, who(), "TOKEN", VALUE, hosts=["a.example"])
            row = await bank.row("TOKEN")
            async with bank.store.write() as tx:
                await tx.sealed.put(replace(row, hosts=()))

            bank.vault.forget()
            with pytest.raises(KeyError, match="does not open"):
                await bank.get("TOKEN")

        banked(scene, tmp_path)


class TestRotation:
    def test_every_secret_of_every_tenant_is_under_the_new_key(self, tmp_path: Path) -> None:
        async def scene(bank: Bank) -> None:
            old = bank.vault.keys.all()[0].id
            for number in range(120):  # more than one transaction takes
                await bank.set(f"S{number}", f"value {number}")
            await bank.set("TOKEN", "theirs", tenant="other", stage="dev")

            done = await secrets.rotate(bank.vault, who())

            assert (done.rewrapped, done.forgotten) == (121, 0)
            assert done.key != old
            assert (await bank.row("S7")).key_id == done.key
            assert await bank.get("S119") == "value 119"
            assert await bank.get("TOKEN", tenant="other") == "theirs"
            async with bank.store.read() as tx:
                assert [entry.action for entry in (await tx.audit.list("system")).items] == ["secrets.rotate"]

        banked(scene, tmp_path)

    def test_older_keys_stay_for_older_backups_unless_they_are_to_be_forgotten(self, tmp_path: Path) -> None:
        async def scene(bank: Bank) -> None:
            await bank.set("TOKEN", VALUE)
            backup = await bank.row("TOKEN")
            await secrets.rotate(bank.vault, who())
            assert bank.vault.opened(backup) == VALUE

            done = await secrets.rotate(bank.vault, who(), forget=True)

            assert done.forgotten == 2
            assert await bank.get("TOKEN") == VALUE
            with pytest.raises(KeyError, match=r"master key .* which is not here"):
                bank.vault.opened(backup)

        banked(scene, tmp_path)

    def test_a_rotation_that_died_half_way_is_done_again(self, tmp_path: Path) -> None:
        async def scene(bank: Bank) -> None:
            await bank.set("A", "first")
            assert isinstance(bank.vault.keys, FileKeys)
            bank.vault.keys.add()  # and the process died
            await bank.set("B", "second")
            assert (await bank.get("A"), await bank.get("B")) == ("first", "second")

            await secrets.rotate(bank.vault, who())

            assert (await bank.get("A"), await bank.get("B")) == ("first", "second")
            assert (await bank.row("A")).key_id == (await bank.row("B")).key_id == bank.vault.keys.all()[0].id

        banked(scene, tmp_path)

    def test_a_server_goes_on_while_another_process_rotates(self, tmp_path: Path) -> None:
        async def scene(bank: Bank) -> None:
            await bank.set("TOKEN", VALUE)
            beside = Vault(bank.store, FileKeys(tmp_path / "secret.key"))

            await bank.get("TOKEN")  # and it is remembered
            await secrets.rotate(beside, who(), forget=True)

            assert await bank.get("TOKEN") == VALUE
            await bank.set("TOKEN", "newer")
            assert beside.opened(await bank.row("TOKEN")) == "newer"

        banked(scene, tmp_path)

    def test_with_given_keys_the_first_of_them_seals(self, tmp_path: Path) -> None:
        async def scene(bank: Bank) -> None:
            old, new = (base64.b64encode(dice.token_bytes(32)).decode() for _ in range(2))
            bank.vault.keys = GivenKeys(old)
            await bank.set("TOKEN", VALUE)

            bank.vault.keys = GivenKeys(f"{new},{old}")
            done = await secrets.rotate(bank.vault, who())

            assert done.rewrapped == 1
            bank.vault.keys = GivenKeys(new)
            bank.vault.forget()
            assert await bank.get("TOKEN") == VALUE
            with pytest.raises(Refused):
                await secrets.rotate(bank.vault, who(), forget=True)

        banked(scene, tmp_path)

    def test_what_does_not_open_stops_it_and_is_named(self, tmp_path: Path) -> None:
        async def scene(bank: Bank) -> None:
            await bank.set("TOKEN", VALUE)
            bank.vault.keys = FileKeys(tmp_path / "another.key")

            with pytest.raises(Refused, match=r"`TOKEN` was sealed with the master key .*tenant `default`"):
                await secrets.rotate(bank.vault, who())

        banked(scene, tmp_path)


class TestUseCases:
    def test_each_set_is_a_version_and_a_line_in_the_audit_without_the_value(self, tmp_path: Path) -> None:
        async def scene(bank: Bank) -> None:
            first = await bank.set("TOKEN", VALUE)
            second = await bank.set("TOKEN", VALUE + "2")
            async with bank.store.write() as tx:
                await secrets.delete(bank.vault, tx, who(), "TOKEN")

            async with bank.store.read() as tx:
                told = (await tx.audit.list("default")).items
            assert (first.version, second.version) == (1, 2)
            assert [entry.action for entry in told] == ["secrets.delete", "secrets.set", "secrets.set"]
            assert VALUE not in repr(told)
            with pytest.raises(KeyError):
                await bank.get("TOKEN")

        banked(scene, tmp_path)

    @pytest.mark.parametrize(
        ("name", "value", "stage", "code"),
        [
            ("a-b", VALUE, "*", "invalid"),
            ("1A", VALUE, "*", "invalid"),
            ("", VALUE, "*", "invalid"),
            ("Ä", VALUE, "*", "invalid"),
            ("A" * 65, VALUE, "*", "invalid"),
            ("A\n", VALUE, "*", "invalid"),
            ("TOKEN", "abc", "*", "invalid"),
            ("TOKEN", "", "*", "invalid"),
            ("TOKEN", "ä" * 40_000, "*", "too_large"),
            ("TOKEN", VALUE, "nowhere", "not_found"),
            ("TOKEN", VALUE, "mock", "not_found"),
        ],
    )
    def test_what_cannot_be_is_refused_without_the_value(
        self, tmp_path: Path, name: str, value: str, stage: str, code: str
    ) -> None:
        async def scene(bank: Bank) -> None:
            with pytest.raises(Refused) as refused:
                await bank.set(name, value, stage=stage)

            assert refused.value.code == code
            assert VALUE not in str(refused.value)

        banked(scene, tmp_path)

    def test_nobody_deletes_anothers(self, tmp_path: Path) -> None:
        async def scene(bank: Bank) -> None:
            await bank.set("TOKEN", VALUE)
            for tenant, stage in (("other", ANY_STAGE), ("default", "dev")):
                with pytest.raises(Refused, match="there is no secret"):
                    async with bank.store.write() as tx:
                        await secrets.delete(bank.vault, tx, who(tenant), "TOKEN", stage=stage)

            assert await bank.get("TOKEN") == VALUE

        banked(scene, tmp_path)
