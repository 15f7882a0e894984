"""Tenants, users, memberships, roles, keys, sessions, the audit."""

import asyncio
from dataclasses import replace

from tenuto.ports.audit import AuditEntry
from tenuto.ports.keys import Key
from tenuto.ports.memberships import Membership
from tenuto.ports.notes import Note
from tenuto.ports.records import Missing, Taken
from tenuto.ports.roles import Role
from tenuto.ports.sessions import Session
from tenuto.ports.store import Store
from tenuto.ports.tenants import Tenant
from tenuto.ports.users import User
from tenuto.testing.store_conformance.suite import THEM, US, Suite, stored

ANN = User("u1", "ann@example.com", "Ann", 1.0, "hash", 1.0)
BOB = User("u2", "bob@example.com", "Bob", 2.0)
KEY = Key("k1", US, "ci", "tn_abc", "digest", ("runs:read",), "u1", 1.0)


class People(Suite):
    @stored
    async def test_the_default_tenant_is_there_and_every_tenant_has_its_stages(self, store: Store) -> None:
        async with store.read() as tx:
            stages = [(stage.name, stage.production) for stage in await tx.stages.list(THEM)]

            assert await tx.tenants.get(US) is not None
            assert stages == [("dev", False), ("staging", False), ("prod", True)]

    @stored
    async def test_a_tenant_is_changed_and_forgotten_with_all_that_is_its(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.users.add(ANN)
            await tx.memberships.put(Membership("u1", THEM, ("editor",)))
            await tx.keys.add(replace(KEY, tenant=THEM))
            await tx.notes.add(Note(THEM, "r", "1", "n", "me", 1.0))
            await tx.audit.append(entry(THEM, 1))
            assert await tx.tenants.update(Tenant(THEM, "New name", 0.0, {"runs": 5}))
            assert not await tx.tenants.update(Tenant("nobody", "x", 0.0))

        async with store.read() as tx:
            assert await tx.tenants.get(THEM) == Tenant(THEM, "New name", 1.0, {"runs": 5})
        async with store.write() as tx:
            assert await tx.tenants.delete(THEM)
            assert not await tx.tenants.delete(THEM)

        async with store.read() as tx:
            assert await tx.tenants.get(THEM) is None
            assert await tx.memberships.of_user("u1") == []
            assert await tx.key_ring.by_prefix("tn_abc") is None
            assert (await tx.notes.list(THEM, "r")).items == []
            assert await tx.users.get("u1") == ANN
            assert await tx.audit.tenants() == [THEM]

    @stored
    async def test_a_login_belongs_to_one_user(self, store: Store) -> None:
        taken = 0
        async with store.write() as tx:
            await tx.users.add(ANN)
            await tx.users.add(BOB)
        for change in (replace(BOB, id="u3"), replace(BOB, login=ANN.login)):
            try:
                async with store.write() as tx:
                    await (tx.users.add(change) if change.id == "u3" else tx.users.update(change))
            except Taken:
                taken += 1

        async with store.read() as tx:
            assert taken == 2
            assert await tx.users.by_login("ann@example.com") == ANN
            assert await tx.users.by_login("ANN@example.com") is None

    @stored
    async def test_a_user_that_was_read_to_be_changed_is_changed_by_one_after_the_other(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.users.add(ANN)

        async def rename() -> None:
            async with store.write() as tx:
                user = await tx.users.by_login(ANN.login)
                assert user is not None
                await tx.users.update(replace(user, name=user.name + "!"))

        await asyncio.gather(*(rename() for _ in range(20)))

        async with store.read() as tx:
            assert await tx.users.get("u1") == replace(ANN, name=ANN.name + "!" * 20)

    @stored
    async def test_a_deleted_user_loses_memberships_and_sessions(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.users.add(ANN)
            await tx.memberships.put(Membership("u1", US, ()))
            await tx.sessions.add(Session("s1", "u1", US, "d1", 1.0, 9.0))
            assert await tx.users.delete("u1")
            assert not await tx.users.delete("u1")

        async with store.read() as tx:
            assert await tx.sessions.get("s1") is None
            assert (await tx.memberships.members(US)).items == []

    @stored
    async def test_members_are_those_of_one_tenant(self, store: Store) -> None:
        missing = False
        async with store.write() as tx:
            await tx.users.add(ANN)
            await tx.users.add(BOB)
            await tx.memberships.put(Membership("u1", US, ("admin",)))
            await tx.memberships.put(Membership("u1", US, ("editor", "viewer")))
            await tx.memberships.put(Membership("u1", THEM, ()))
            await tx.memberships.put(Membership("u2", THEM, ("viewer",)))
        try:
            async with store.write() as tx:
                await tx.memberships.put(Membership("nobody", US, ()))
        except Missing:
            missing = True

        async with store.write() as tx:
            ours, theirs = await tx.memberships.members(US), await tx.memberships.members(THEM, limit=1)
            rest = await tx.memberships.members(THEM, cursor=theirs.next_cursor)
            assert missing
            assert [(member.user, member.roles) for member in ours.items] == [(ANN, ("editor", "viewer"))]
            assert [member.user.id for member in (*theirs.items, *rest.items)] == ["u1", "u2"]
            assert [membership.tenant for membership in await tx.memberships.of_user("u1")] == [US, THEM]
            assert await tx.memberships.get(US, "u2") is None
            assert await tx.memberships.remove(US, "u1")
            assert not await tx.memberships.remove(US, "u2")

    @stored
    async def test_roles_are_a_tenants_own(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.roles.put(Role(US, "b", ("runs:read",)))
            await tx.roles.put(Role(US, "a"))
            await tx.roles.put(Role(US, "b", ("runs:write", "flows:read")))

            assert await tx.roles.list(US) == [Role(US, "a"), Role(US, "b", ("runs:write", "flows:read"))]
            assert await tx.roles.list(THEM) == []
            assert not await tx.roles.delete(THEM, "b")
            assert await tx.roles.delete(US, "b")
            assert await tx.roles.get(US, "b") is None

    @stored
    async def test_a_key_is_found_by_its_prefix_and_seen_by_its_tenant_alone(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.keys.add(KEY)
            await tx.keys.add(replace(KEY, id="k2", tenant=THEM, prefix="tn_other"))
            await tx.key_ring.used(US, "k1", 5.0)
            await tx.key_ring.used(THEM, "k1", 6.0)
            assert not await tx.keys.revoke(THEM, "k1", 7.0)
            assert await tx.keys.revoke(US, "k1", 7.0)
            assert await tx.keys.revoke(US, "k1", 8.0)

        async with store.read() as tx:
            expected = replace(KEY, last_used_at=5.0, revoked_at=7.0)
            assert await tx.key_ring.by_prefix("tn_abc") == expected
            assert await tx.key_ring.by_prefix("tn_") is None
            assert await tx.keys.get(US, "k1") == expected
            assert await tx.keys.get(THEM, "k1") is None
            assert [key.id for key in (await tx.keys.list(US)).items] == ["k1"]

    @stored
    async def test_of_a_family_of_tokens_one_is_good_and_the_others_are_remembered(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.users.add(ANN)
            await tx.sessions.add(Session("s1", "u1", US, "d1", 1.0, 9.0))
            await tx.sessions.add(Session("s2", "u1", US, "e1", 1.0, 9.0))
            assert await tx.sessions.rotate("s1", old="d1", new="d2", expires_at=10.0)
            assert not await tx.sessions.rotate("s1", old="d1", new="d3", expires_at=10.0)

        now = Session("s1", "u1", US, "d2", 1.0, 10.0)
        async with store.write() as tx:
            assert await tx.sessions.find("d2") == now
            assert await tx.sessions.find("d1") == now
            assert await tx.sessions.find("d3") is None
            assert await tx.sessions.revoke(5.0, id="s1") == 1
            assert await tx.sessions.revoke(6.0, user="u1") == 1
            assert not await tx.sessions.rotate("s1", old="d2", new="d4", expires_at=10.0)

        async with store.read() as tx:
            assert await tx.sessions.get("s1") == replace(now, revoked_at=5.0)

    @stored
    async def test_of_many_who_rotate_one_token_one_does(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.users.add(ANN)
            await tx.sessions.add(Session("s1", "u1", US, "d0", 1.0, 9.0))

        async def rotate(number: int) -> bool:
            async with store.write() as tx:
                return await tx.sessions.rotate("s1", old="d0", new=f"n{number}", expires_at=9.0)

        won = await asyncio.gather(*(rotate(number) for number in range(12)))

        assert won.count(True) == 1

    @stored
    async def test_an_audit_is_a_chain_whoever_adds_to_it_at_once(self, store: Store) -> None:
        async def add(tenant: str) -> None:
            async with store.write() as tx:
                head = await tx.audit.head(tenant)
                await tx.audit.append(entry(tenant, head.seq + 1 if head else 1))

        await asyncio.gather(*(add(tenant) for _ in range(15) for tenant in (US, THEM)))

        async with store.read() as tx:
            assert [found.seq for found in await tx.audit.after(US, 0)] == list(range(1, 16))
            assert [found.seq for found in await tx.audit.after(US, 13)] == [14, 15]
            assert await tx.audit.tenants() == [US, THEM]

    @stored
    async def test_an_audit_is_searched_newest_first(self, store: Store) -> None:
        async with store.write() as tx:
            for seq in range(1, 6):
                await tx.audit.append(replace(entry(US, seq), actor="ann" if seq % 2 else "bob", subject=f"flow/{seq}"))
            await tx.audit.append(entry(THEM, 1))

        async with store.read() as tx:
            first = await tx.audit.list(US, actor="ann", limit=2)
            rest = await tx.audit.list(US, actor="ann", limit=2, cursor=first.next_cursor)
            assert [found.seq for found in (*first.items, *rest.items)] == [5, 3, 1]
            assert [found.seq for found in (await tx.audit.list(US, since=2.0, until=4.0)).items] == [3, 2]
            assert (await tx.audit.list(US, action="nothing")).items == []
            assert [found.seq for found in (await tx.audit.list(US, subject="flow/4")).items] == [4]
            assert await tx.audit.head(US) == replace(entry(US, 5), actor="ann", subject="flow/5")
            assert await tx.audit.head("nobody") is None


def entry(tenant: str, seq: int) -> AuditEntry:
    return AuditEntry(tenant, seq, float(seq), "ann", "flows.publish", "flow/x", "ok", {"n": [1, None]}, "p", f"h{seq}")
