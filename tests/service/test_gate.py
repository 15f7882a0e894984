"""The gate: a credential against a principal, in a tenant, remembered for five seconds at most."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from service.people import Clock
from tenuto.service.gate import REMEMBERED, Gate, Standing, closed
from tenuto.service.principal import EVERYTHING
from tenuto.service.refusals import Refused

ADA = Standing("user", "ada", "Ada", {"acme": frozenset({"runs:read"}), "beta": frozenset({"runs:*"})})
ROOT = Standing("admin", "admin", "administrator", None)


@dataclass
class Book:
    """Proves what stands in it, and counts how often it was asked."""

    known: dict[str, Standing] = field(default_factory=lambda: {"ada": ADA, "root": ROOT})
    asked: int = 0

    async def prove(self, credential: str, at: float) -> Standing | None:
        self.asked += 1
        return self.known.get(credential)


@dataclass
class House:
    book: Book = field(default_factory=Book)
    clock: Clock = field(default_factory=Clock)
    tenants: set[str] = field(default_factory=lambda: {"default", "acme"})

    @property
    def gate(self) -> Gate:
        async def exists(tenant: str) -> bool:
            return tenant in self.tenants

        return Gate([self.book], self.clock, exists)


async def refusal(gate: Gate, credential: str, tenant: str | None = None) -> str:
    with pytest.raises(Refused) as refused:
        await gate.identify(credential, tenant)
    return refused.value.code


class TestTenants:
    async def test_without_a_wish_the_first_of_ones_own(self) -> None:
        who = await House().gate.identify("ada")

        assert (who.tenant, who.permissions) == ("acme", {"runs:read"})

    async def test_a_wish_selects_among_ones_own(self) -> None:
        assert (await House().gate.identify("ada", "beta")).permissions == {"runs:*"}

    @pytest.mark.parametrize("tenant", ["default", "gamma", "ACME", "acme ", "acm", "acmee", "beta\x00"])
    async def test_another_is_not_there(self, tenant: str) -> None:
        assert await refusal(House().gate, "ada", tenant) == "not_found"

    @pytest.mark.parametrize("tenant", ["", "x" * 201])
    async def test_no_id_is_malformed(self, tenant: str) -> None:
        assert await refusal(House().gate, "ada", tenant) == "malformed"

    async def test_who_is_nowhere_is_not_sent_to_the_default(self) -> None:
        """SECURITY: without a tenant nothing is done in anybody's."""
        house = House()
        house.book.known["ada"] = Standing("user", "ada", "Ada", {})

        assert await refusal(house.gate, "ada") == "no_tenant"
        assert await refusal(house.gate, "ada", "default") == "no_tenant"

    async def test_the_administrator_acts_in_any_that_is_there(self) -> None:
        gate = House().gate

        assert (await gate.identify("root")).tenant == "default"
        assert (await gate.identify("root", "acme")).permissions == {EVERYTHING}
        assert await refusal(gate, "root", "gamma") == "not_found"


class TestMemory:
    async def test_a_credential_is_looked_up_once_in_five_seconds(self) -> None:
        house = House()
        gate = house.gate

        for _ in range(10):
            await gate.identify("ada")
        house.clock.now += REMEMBERED - 0.1
        await gate.identify("ada", "beta")

        assert house.book.asked == 1

    async def test_what_was_revoked_is_refused_five_seconds_later(self) -> None:
        """SECURITY 9."""
        house = House()
        gate = house.gate
        await gate.identify("ada")
        house.book.known.clear()

        house.clock.now += REMEMBERED

        assert await refusal(gate, "ada") == "unauthenticated"

    async def test_what_is_forgotten_is_looked_up_at_once(self) -> None:
        house = House()
        gate = house.gate
        await gate.identify("ada")
        house.book.known.clear()

        gate.forget()

        assert await refusal(gate, "ada") == "unauthenticated"

    async def test_what_was_read_before_a_change_is_not_remembered_after_it(self) -> None:
        house = House()
        gate = house.gate
        prove = house.book.prove

        async def slowly(credential: str, at: float) -> Standing | None:
            found = await prove(credential, at)
            gate.forget()  # somebody else commits while this one reads
            return found

        house.book.prove = slowly
        await gate.identify("ada")
        house.book.prove, house.book.known = prove, {}

        assert await refusal(gate, "ada") == "unauthenticated"

    async def test_what_ends_by_itself_ends_on_time(self) -> None:
        house = House()
        house.book.known["ada"] = Standing("key", "k", "k", {"acme": frozenset()}, until=house.clock() + 1)
        gate = house.gate
        await gate.identify("ada")

        house.clock.now += 1

        assert await refusal(gate, "ada") == "unauthenticated"

    async def test_a_clock_that_goes_back_extends_nothing(self) -> None:
        house = House()
        gate = house.gate
        await gate.identify("ada")
        house.book.known.clear()

        house.clock.now -= 3_600

        assert await refusal(gate, "ada") == "unauthenticated"

    async def test_a_tenant_that_is_gone_is_gone_within_five_seconds(self) -> None:
        house = House()
        gate = house.gate
        await gate.identify("root", "acme")
        house.tenants.clear()

        house.clock.now += REMEMBERED

        assert await refusal(gate, "root", "acme") == "not_found"

    async def test_strangers_do_not_fill_the_memory(self) -> None:
        gate = House().gate

        for number in range(100):
            await refusal(gate, f"stranger-{number}")

        assert not gate._seen


@pytest.mark.parametrize("credential", ["", "x" * 8_193, "ädä", "ad\u0430", "\ud800"])
async def test_what_cannot_be_a_credential_is_not_even_looked_up(credential: str) -> None:
    house = House()

    assert await refusal(house.gate, credential) == "unauthenticated"
    assert house.book.asked == 0


async def test_a_gate_that_nobody_opened_is_closed(tmp_path: Path) -> None:
    assert await refusal(closed(), "root") == "unauthenticated"
