"""API keys: shown once, kept as a keyed digest, never wider than their maker, dead when they are revoked."""

import hmac
from pathlib import Path

import pytest

from service.people import People, some_people
from tenuto.service import keys, users
from tenuto.service.keys import KeyProver
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused


async def refused(people: People, credential: str, tenant: str | None = None) -> str:
    with pytest.raises(Refused) as refusal:
        await people.identify(credential, tenant)
    return refusal.value.code


async def principal(people: People, login: str = "ada") -> Principal:
    return await people.identify((await people.log_in(login)).access)


class TestMaking:
    async def test_a_key_acts_as_it_was_made(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            shown = await people.key("runs:read", "agent:create")

            who = await people.identify(shown)

            assert (who.kind, who.tenant, who.permissions) == ("key", "default", {"runs:read", "agents:write"})

    async def test_only_a_keyed_digest_is_kept(self, tmp_path: Path) -> None:
        """SECURITY 9: neither the key nor a plain hash of it is anywhere."""
        async with some_people(tmp_path) as people:
            key, shown = await people.made_key("runs:read")
            secret = shown.removeprefix(f"{key.prefix}_")

            async with people.store.read() as tx:
                kept = await tx.keys.get("default", key.id)
                said = [str(entry) for entry in await tx.audit.after("default", 0)]

            assert kept is not None
            assert secret not in f"{kept}{said}"
            assert kept.digest == keys.digest_of(people.identity.key_secret, shown)
            assert kept.digest != keys.digest_of(b"another secret", shown)
            assert len(secret) >= 43

    @pytest.mark.parametrize("wider", ["runs:write", "runs:*", "admin:*", "keys:write"])
    async def test_a_key_never_has_more_than_its_maker(self, wider: str, tmp_path: Path) -> None:
        """SECURITY 25."""
        async with some_people(tmp_path) as people:
            maker = await people.identify(await people.key("runs:read"))

            with pytest.raises(Refused) as refusal:
                await people.key("runs:read", wider, who=maker)

            assert refusal.value.code == "forbidden"

    async def test_odd_wishes_are_refused(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            for permissions, expires_at in (((), None), (("nope",), None), (("runs:read",), people.clock())):
                with pytest.raises(Refused):
                    await people.key(*permissions, expires_at=expires_at)

    @pytest.mark.parametrize("text", ["soon", "-1d", "0s", "", "1y"])
    def test_a_lifetime_is_a_duration(self, text: str) -> None:
        with pytest.raises(Refused):
            keys.lifetime(text)


class TestProving:
    async def test_anything_but_the_key_is_refused(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            one, other = await people.key("runs:read"), await people.key("runs:read")
            prefix = one.rpartition("_")[0]
            crossed = f"{one[: len('tnt_') + 16]}_{other[len('tnt_') + 17 :]}"

            for wrong in (
                one[:-1],
                one + "x",
                one.upper(),
                prefix,
                prefix + "_",
                crossed,
                "tnt_" + "0" * 16 + "_x",
                "tnt_%_x",
            ):
                assert await refused(people, wrong) == "unauthenticated"

    async def test_comparing_takes_as_long_whatever_is_compared(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SECURITY 9: also for a key that never was."""
        compared: list[tuple[str, str]] = []
        real = hmac.compare_digest
        monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((a, b)) or real(a, b))

        async with some_people(tmp_path) as people:
            shown = await people.key("runs:read")
            for credential in (shown, shown[:-1] + "x", "tnt_" + "0" * 16 + "_x"):
                before = len(compared)
                await KeyProver(people.store, b"s" * 32).prove(credential, people.clock())
                assert len(compared) == before + 1
                assert len(compared[-1][0]) == len(compared[-1][1]) == 64

    async def test_a_revoked_key_is_refused_within_five_seconds(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            key, shown = await people.made_key("runs:read")
            await people.identify(shown)

            async with people.store.write() as tx:
                await keys.revoke(tx, people.who, key.id, at=people.clock())
            people.clock.now += 5

            assert await refused(people, shown) == "unauthenticated"

    async def test_an_expired_key_is_refused(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            shown = await people.key("runs:read", expires_at=people.clock() + 60)
            await people.identify(shown)

            people.clock.now += 60

            assert await refused(people, shown) == "unauthenticated"

    async def test_a_key_of_one_tenant_is_nobody_in_another(self, tmp_path: Path) -> None:
        """SECURITY 24."""
        async with some_people(tmp_path) as people:
            acme = await people.tenant("acme")
            shown = await people.key("runs:read")

            assert await refused(people, shown, acme) == "not_found"

    async def test_when_it_was_last_used_is_remembered_coarsely(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            key, shown = await people.made_key("runs:read")
            first = people.clock()

            for _ in range(3):
                await people.identify(shown)
                people.clock.now += 10
            async with people.store.read() as tx:
                kept = await tx.keys.get("default", key.id)

            assert kept is not None
            assert kept.last_used_at == first


class TestMakers:
    async def test_a_key_falls_with_the_rights_of_its_maker(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            ada = await people.user(roles=("admin",))
            shown = await people.key("runs:read", "keys:write", who=await principal(people))
            async with people.store.write() as tx:
                await users.change(tx, people.who, ada.user.id, users.Change(roles=["viewer"]), at=people.clock())

            people.clock.now += 5

            assert (await people.identify(shown)).permissions == {"runs:read"}

    @pytest.mark.parametrize("end", ["disabled", "removed"])
    async def test_a_key_dies_with_its_maker(self, end: str, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            ada = await people.user(roles=("admin",))
            shown = await people.key("runs:read", who=await principal(people))
            async with people.store.write() as tx:
                if end == "disabled":
                    await users.change(tx, people.who, ada.user.id, users.Change(disabled=True), at=people.clock())
                else:
                    await users.remove(tx, people.who, ada.user.id, at=people.clock())

            people.clock.now += 5

            assert await refused(people, shown) == "unauthenticated"

    async def test_a_key_that_a_key_made_dies_with_it(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            parent, parents = await people.made_key("runs:read", "keys:write")
            child = await people.key("runs:read", who=await people.identify(parents))
            await people.identify(child)
            async with people.store.write() as tx:
                await keys.revoke(tx, people.who, parent.id, at=people.clock())

            people.clock.now += 5

            assert await refused(people, child) == "unauthenticated"
