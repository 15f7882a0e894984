"""Users and roles: nobody manages beyond its tenant, or above itself."""

from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path

import pytest

from service.people import People, some_people
from tenuto.ports.memberships import Membership
from tenuto.service import roles, users
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused


async def principal(people: People, login: str, tenant: str | None = None) -> Principal:
    return await people.identify((await people.log_in(login)).access, tenant)


async def refusal(act: Awaitable[object]) -> str:
    with pytest.raises(Refused) as refused:
        await act
    return refused.value.code


class TestUsers:
    async def test_a_login_is_one_users(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await people.user("ada@example.com")

            assert await refusal(people.user("ADA@example.com")) == "exists"

    @pytest.mark.parametrize("login", ["", " ", "a b", "a\nb", "a\x00b", "x" * 201, "a\u202eb", "\ud800"])
    def test_odd_logins_are_refused(self, login: str) -> None:
        with pytest.raises(Refused):
            users.check_login(login)

    async def test_nobody_gives_roles_above_its_own(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await people.user("admin", ("admin",))
            admin = await principal(people, "admin")

            assert await refusal(people.user("eve", ("owner",), who=admin)) == "forbidden"
            assert await refusal(people.user("eve", ("nope",), who=admin)) == "invalid"
            assert (await people.user("eve", ("admin",), who=admin)).roles == ("admin",)

    async def test_nobody_raises_itself(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            ada = await people.user("admin", ("admin",))
            admin = await principal(people, "admin")

            async with people.store.write() as tx:
                assert await refusal(users.set_roles(tx, admin, ada.user.id, ["owner"], at=0)) == "forbidden"

    @pytest.mark.parametrize(
        "change", [users.Change(disabled=True), users.Change(password="x"), users.Change(roles=[])]
    )
    async def test_nobody_touches_who_may_more(self, change: users.Change, tmp_path: Path) -> None:
        """An administrator of people is not the way to become an owner."""
        async with some_people(tmp_path) as people:
            owner = await people.user("owner", ("owner",))
            await people.user("admin", ("admin",))
            admin = await principal(people, "admin")

            async with people.store.write() as tx:
                assert await refusal(users.change(tx, admin, owner.user.id, change, "kept", at=0)) == "forbidden"
                assert await refusal(users.remove(tx, admin, owner.user.id, at=0)) == "forbidden"

    async def test_an_account_of_two_tenants_is_nobodys_to_take_over(self, tmp_path: Path) -> None:
        """Else whoever manages one tenant could log in to the other."""
        async with some_people(tmp_path) as people:
            acme = await people.tenant("acme")
            ada = await people.user("ada", ("viewer",))
            await people.user("admin", ("owner",))
            async with people.store.write() as tx:
                await tx.memberships.put(Membership(ada.user.id, acme, ("owner",)))
            admin = await principal(people, "admin")

            async with people.store.write() as tx:
                taken = users.change(tx, admin, ada.user.id, users.Change(password="mine now"), "kept", at=0)
                assert await refusal(taken) == "forbidden"
                out = await users.set_roles(tx, admin, ada.user.id, [], at=0)

            assert out.roles == ()
            assert await principal(people, "ada", acme)

    async def test_who_is_elsewhere_is_not_there(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            acme = await people.tenant("acme")
            ada = await people.user("ada")
            owner = Principal("key", "k", "k", acme, frozenset(roles.ROLES["owner"].permissions))

            async with people.store.write() as tx:
                assert await refusal(users.get(tx, acme, ada.user.id)) == "not_found"
                assert await refusal(users.set_roles(tx, owner, ada.user.id, ["viewer"], at=0)) == "not_found"
                assert await refusal(users.remove(tx, owner, ada.user.id, at=0)) == "not_found"

    async def test_who_leaves_one_tenant_stays_in_the_other(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            acme = await people.tenant("acme")
            ada = await people.user("ada")
            async with people.store.write() as tx:
                await users.set_roles(tx, replace(people.who, tenant=acme), ada.user.id, ["viewer"], at=0)
                await users.remove(tx, people.who, ada.user.id, at=0)

            assert (await principal(people, "ada")).tenant == acme

    async def test_what_was_done_is_audited_without_the_password(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            ada = await people.user("ada")
            async with people.store.write() as tx:
                await users.change(tx, people.who, ada.user.id, users.Change(password="a new one"), "kept", at=0)
            async with people.store.read() as tx:
                said = str([entry.details for entry in await tx.audit.after("default", 0)])

            assert await people.actions() == ["users.create", "users.change"]
            assert "a new one" not in said
            assert "kept" not in said


class TestRoles:
    async def test_a_tenant_makes_roles_of_its_own(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            async with people.store.write() as tx:
                await roles.put(tx, people.who, "night", ["task:*"], at=0)
            await people.user("ada", ("night", "viewer"))

            who = await principal(people, "ada")

            assert who.may("runs:write")
            assert who.may("flows:read")

    async def test_a_role_holds_in_its_tenant_alone(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            acme = await people.tenant("acme")
            async with people.store.write() as tx:
                await roles.put(tx, people.who, "night", ["runs:*"], at=0)

                assert await roles.permissions_of(tx, acme, ["night"]) == frozenset()
                assert await refusal(roles.delete(tx, replace(people.who, tenant=acme), "night", at=0)) == "not_found"

    async def test_nobody_widens_a_role_beyond_itself(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            who = Principal("key", "k", "k", permissions=frozenset({"tenants:write", "runs:read"}))
            async with people.store.write() as tx:
                await roles.put(tx, people.who, "night", ["runs:*"], at=0)

                assert await refusal(roles.put(tx, who, "mine", ["admin:*"], at=0)) == "forbidden"
                assert await refusal(roles.put(tx, who, "night", ["runs:read"], at=0)) == "forbidden"
                assert await refusal(roles.put(tx, people.who, "owner", ["runs:read"], at=0)) == "conflict"

    async def test_a_role_that_is_gone_gives_nothing(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            async with people.store.write() as tx:
                await roles.put(tx, people.who, "night", ["runs:*"], at=0)
            await people.user("ada", ("night",))
            async with people.store.write() as tx:
                await roles.delete(tx, people.who, "night", at=0)

            assert (await principal(people, "ada")).permissions == frozenset()
