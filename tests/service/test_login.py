"""Logging in: one answer to everything that is wrong, tokens that are good once, and an end that is one."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from service.people import CHEAP, PASSWORD, Clock, People, some_people
from tenuto.service import roles, users
from tenuto.service.identity import make_identity
from tenuto.service.login import TooMany
from tenuto.service.passwords import Passwords
from tenuto.service.refusals import Refused


async def refused(people: People, credential: str) -> str:
    with pytest.raises(Refused) as refusal:
        await people.identify(credential)
    return refusal.value.code


async def wrong(people: People, login: str, password: str, client: str = "") -> tuple[str, str, str]:
    with pytest.raises(Refused) as refusal:
        await people.log_in(login, password, client=client)
    return refusal.value.code, str(refusal.value), refusal.value.hint


class TestLogin:
    async def test_a_password_gives_tokens(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            ada = await people.user(roles=("operator",))

            who = await people.identify((await people.log_in()).access)

            assert (who.kind, who.id, who.tenant) == ("user", ada.user.id, "default")
            assert who.may("runs:write")
            assert not who.may("flows:write")

    @pytest.mark.parametrize("login", ["ada", "ADA", " ada ", "\uff21da"])
    async def test_a_login_has_one_spelling(self, login: str, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await people.user("Ada")

            assert (await people.log_in(login)).user.login == "ada"

    async def test_whatever_is_wrong_the_answer_is_the_same(self, tmp_path: Path) -> None:
        """SECURITY 10: nobody learns who there is."""
        async with some_people(tmp_path) as people:
            await people.user("ada")
            bob = await people.user("bob")
            async with people.store.write() as tx:
                await users.create(tx, people.who, users.NewUser("eve"), None, at=people.clock())
                await users.change(tx, people.who, bob.user.id, users.Change(disabled=True), at=people.clock())

            answers = {
                await wrong(people, "ada", "not the password"),
                await wrong(people, "nobody", PASSWORD),
                await wrong(people, "bob", PASSWORD),
                await wrong(people, "eve", PASSWORD),
                await wrong(people, "ada", "x" * 5_000),
                await wrong(people, "", ""),
                await wrong(people, "' OR 1=1 --", PASSWORD),
                await wrong(people, "ada\x00", PASSWORD),
            }

            assert len(answers) == 1

    @pytest.mark.parametrize("login", ["ada", "nobody"])
    async def test_after_ten_failures_one_waits_longer_each_time(self, login: str, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await people.user("ada")
            for _ in range(10):
                await wrong(people, login, "not the password")

            waits = list[int]()
            for _ in range(4):
                with pytest.raises(TooMany) as refusal:
                    await people.log_in(login, PASSWORD)
                waits.append(refusal.value.wait)
                people.clock.now += refusal.value.wait
                await wrong(people, login, "not the password")

            assert waits == [2, 4, 8, 16]

    async def test_the_wait_is_not_by_the_clock_on_the_wall(self, tmp_path: Path) -> None:
        """R07: whoever puts it back by a month makes nobody wait for a month."""
        async with some_people(tmp_path, clock=Clock()) as people:
            people.identity = make_identity(people.store, tmp_path, people.clock, passwords=Passwords(**CHEAP))
            for _ in range(10):
                await wrong(people, "ada", "not the password")
            people.clock.now -= 30 * 86_400

            with pytest.raises(TooMany) as refusal:
                await people.log_in()
            assert refusal.value.wait <= 2

    async def test_the_right_password_after_the_wait_ends_it(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await people.user()
            for _ in range(10):
                await wrong(people, "ada", "not the password")

            people.clock.now += 2
            await people.log_in()

            assert (await wrong(people, "ada", "not the password"))[0] == "unauthenticated"

    async def test_an_attacker_elsewhere_does_not_lock_out_the_owner(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await people.user()
            for _ in range(12):
                with pytest.raises(Refused):
                    await people.log_in("ada", "not the password", client="203.0.113.7")

            assert await people.log_in(client="192.0.2.1")

    async def test_another_address_of_the_same_network_is_no_other_guesser(self, tmp_path: Path) -> None:
        """Of IPv6 one guesser has 2^64 of them."""
        async with some_people(tmp_path) as people:
            await people.user()
            for number in range(10):
                await wrong(people, "ada", "not the password", client=f"2001:db8::{number + 1}")

            with pytest.raises(TooMany):
                await people.log_in("ada", "not the password", client="2001:db8::ffff")

    async def test_guessing_from_everywhere_is_slowed_too(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await people.user()
            for number in range(100):
                await wrong(people, "ada", "not the password", client=f"203.0.113.{number}")

            assert (await wrong(people, "ada", PASSWORD, client="198.51.100.1"))[0] == "rate_limited"

    async def test_logins_are_audited(self, tmp_path: Path) -> None:
        """SECURITY 102."""
        async with some_people(tmp_path) as people:
            await people.user()
            await wrong(people, "ada", "not the password")
            await people.log_in()

            assert "login" in await people.actions()
            assert await people.actions("system") == ["login"]

    async def test_a_tenant_can_be_chosen_among_ones_own(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            ada = await people.user()
            acme = await people.tenant("acme")
            await people.tenant("other")
            async with people.store.write() as tx:
                await users.set_roles(tx, replace(people.who, tenant=acme), ada.user.id, ["viewer"], at=people.clock())

            who = await people.identify((await people.log_in(tenant=acme)).access)

            assert who.tenant == acme
            assert not who.may("flows:write")
            with pytest.raises(Refused):
                await people.log_in(tenant="other")


class TestSessions:
    async def test_a_refresh_gives_the_next_pair(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await people.user()
            first = await people.log_in()

            second = await people.identity.login.refresh(first.refresh)

            assert second.refresh != first.refresh
            assert (await people.identify(second.access)).kind == "user"

    async def test_a_refresh_token_that_is_shown_twice_ends_the_session(self, tmp_path: Path) -> None:
        """SECURITY 8: of the thief and the owner nobody knows which is which."""
        async with some_people(tmp_path) as people:
            await people.user()
            first = await people.log_in()
            second = await people.identity.login.refresh(first.refresh)
            await people.identify(second.access)

            for token in (first.refresh, second.refresh):
                with pytest.raises(Refused, match="this session is over"):
                    await people.identity.login.refresh(token)

            assert await refused(people, second.access) == "unauthenticated"
            assert await refused(people, first.access) == "unauthenticated"
            assert "login.reused" in await people.actions()

    async def test_of_many_refreshes_at_once_one_wins_at_most(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await people.user()
            first = await people.log_in()

            found = await asyncio.gather(
                *(people.identity.login.refresh(first.refresh) for _ in range(10)), return_exceptions=True
            )

            assert sum(not isinstance(each, Exception) for each in found) == 1

    @pytest.mark.parametrize("token", ["", "tnr_", "tnr_" + "a" * 43, "nonsense", "a.b.c", "\x00"])
    async def test_what_is_no_refresh_token_refreshes_nothing(self, token: str, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            with pytest.raises(Refused, match="this session is over"):
                await people.identity.login.refresh(token)

    async def test_neither_token_stands_for_the_other(self, tmp_path: Path) -> None:
        """SECURITY 6."""
        async with some_people(tmp_path) as people:
            await people.user()
            tickets = await people.log_in()

            assert await refused(people, tickets.refresh) == "unauthenticated"
            with pytest.raises(Refused):
                await people.identity.login.refresh(tickets.access)

    async def test_after_logout_neither_token_is_good(self, tmp_path: Path) -> None:
        """SECURITY 8: at once, and on the server; Langflow only took the cookie away."""
        async with some_people(tmp_path) as people:
            await people.user()
            tickets, others = await people.log_in(), await people.log_in()
            who = await people.identify(tickets.access)

            await people.identity.login.logout(who)

            assert await refused(people, tickets.access) == "unauthenticated"
            with pytest.raises(Refused):
                await people.identity.login.refresh(tickets.refresh)
            assert await people.identify(others.access)

    async def test_a_session_ends_when_nobody_uses_it(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await people.user()
            tickets = await people.log_in()

            people.clock.now += 14 * 86_400

            with pytest.raises(Refused):
                await people.identity.login.refresh(tickets.refresh)

    async def test_a_session_ends_after_ninety_days_of_use(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await people.user()
            tickets = await people.log_in()

            for _ in range(8):
                people.clock.now += 10 * 86_400
                tickets = await people.identity.login.refresh(tickets.refresh)
            people.clock.now += 10 * 86_400

            with pytest.raises(Refused):
                await people.identity.login.refresh(tickets.refresh)


class TestChanges:
    """SECURITY 7: what becomes of tokens when their owner changes, within five seconds."""

    async def test_a_disabled_user_is_out(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            ada = await people.user()
            tickets = await people.log_in()
            await people.identify(tickets.access)
            async with people.store.write() as tx:
                await users.change(tx, people.who, ada.user.id, users.Change(disabled=True), at=people.clock())

            people.clock.now += 5

            assert await refused(people, tickets.access) == "unauthenticated"
            with pytest.raises(Refused):
                await people.identity.login.refresh(tickets.refresh)

    async def test_a_deleted_user_is_out(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            ada = await people.user()
            tickets = await people.log_in()
            async with people.store.write() as tx:
                await users.remove(tx, people.who, ada.user.id, at=people.clock())

            assert await refused(people, tickets.access) == "unauthenticated"
            async with people.store.read() as tx:
                assert await tx.users.get(ada.user.id) is None

    async def test_other_roles_hold_at_once_in_tokens_that_are_out(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            ada = await people.user(roles=("developer",))
            tickets = await people.log_in()
            assert (await people.identify(tickets.access)).may("flows:write")
            async with people.store.write() as tx:
                await users.set_roles(tx, people.who, ada.user.id, ["viewer"], at=people.clock())

            people.clock.now += 5

            assert not (await people.identify(tickets.access)).may("flows:write")

    async def test_a_role_of_the_tenant_holds_as_it_is_now(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            async with people.store.write() as tx:
                await roles.put(tx, people.who, "night", ["runs:*", "keys:read"], at=people.clock())
            await people.user(roles=("night",))
            tickets = await people.log_in()
            assert (await people.identify(tickets.access)).may("keys:read")
            async with people.store.write() as tx:
                await roles.put(tx, people.who, "night", ["runs:read"], at=people.clock())

            people.clock.now += 5
            who = await people.identify(tickets.access)

            assert who.permissions == {"runs:read"}

    async def test_a_new_password_ends_all_sessions(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await people.user()
            one, other = await people.log_in(), await people.log_in()
            who = await people.identify(one.access)
            await people.identify(other.access)

            await people.identity.login.change_password(who, PASSWORD, "a new password")

            assert await refused(people, one.access) == await refused(people, other.access) == "unauthenticated"
            assert await people.log_in("ada", "a new password")
            assert (await wrong(people, "ada", PASSWORD))[0] == "unauthenticated"

    async def test_the_old_password_cannot_be_guessed_with_a_stolen_token(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            await people.user()
            who = await people.identify((await people.log_in()).access)
            for _ in range(10):
                with pytest.raises(Refused, match="the old password is not right"):
                    await people.identity.login.change_password(who, "a guess", "a new password")

            with pytest.raises(TooMany):
                await people.identity.login.change_password(who, PASSWORD, "a new password")

    async def test_a_key_has_no_password(self, tmp_path: Path) -> None:
        async with some_people(tmp_path) as people:
            who = await people.identify(await people.key("runs:read"))

            with pytest.raises(Refused, match="logged in"):
                await people.identity.login.change_password(who, PASSWORD, "a new password")
