"""The table of permissions: names compared whole, nobody hands out more than it has."""

import itertools

import pytest

from tenuto.service.permissions import (
    ALIASES,
    PERMISSIONS,
    ROLES,
    WILDCARDS,
    canonical,
    check_role_name,
    check_within,
    common,
    expand,
    within,
)
from tenuto.service.principal import EVERYTHING, Principal
from tenuto.service.refusals import Refused


def holder(*permissions: str) -> Principal:
    return Principal("key", "k", "k", permissions=frozenset(permissions))


class TestNames:
    def test_every_permission_has_a_sentence(self) -> None:
        assert all(said.endswith(".") and len(said) > 10 for said in PERMISSIONS.values())

    def test_names_of_other_platforms_mean_ours(self) -> None:
        assert canonical(["agent:create", "agent:read", "agent:update", "agent:delete"]) == {
            "agents:write",
            "agents:read",
        }
        assert canonical(["task:*", "admin:*"]) == {"runs:*", "admin:*"}
        assert all(meant in PERMISSIONS or meant in WILDCARDS for names in ALIASES.values() for meant in names)

    @pytest.mark.parametrize(
        "name", ["", "runs", "runs:", ":read", "runs:fly", "run:read", "*", "*:*", "runs:*:x", "RUNS:READ"]
    )
    def test_what_nobody_knows_is_refused(self, name: str) -> None:
        with pytest.raises(Refused) as refused:
            canonical(["runs:read", name])

        assert refused.value.code == "invalid"

    def test_a_slip_gets_a_hint(self) -> None:
        with pytest.raises(Refused) as refused:
            canonical(["run:write"])

        assert "runs:write" in refused.value.hint


class TestHolding:
    @pytest.mark.parametrize(
        "near", ["runs:readers", "runs:rea", "run:read", "xruns:read", "runs:read ", "runs", "runs:", "flows:read"]
    )
    def test_a_name_that_only_looks_like_it_is_another(self, near: str) -> None:
        """Scope equality is exact: Airflow's was `str.lstrip`."""
        assert not holder(near).may("runs:read")
        assert not holder("runs:read").may(near)

    @pytest.mark.parametrize("permission", sorted(PERMISSIONS))
    def test_one_permission_is_that_one_alone(self, permission: str) -> None:
        who = holder(permission)

        assert {name for name in PERMISSIONS if who.may(name)} == {permission}

    def test_a_wildcard_is_its_noun_alone(self) -> None:
        who = holder("runs:*")

        assert {name for name in PERMISSIONS if who.may(name)} == {"runs:read", "runs:write"}

    def test_everything_is_everything(self) -> None:
        assert all(holder(EVERYTHING).may(name) for name in PERMISSIONS)

    def test_expanding_agrees_with_may(self) -> None:
        for held in (["runs:*"], ["flows:read", "keys:*"], [EVERYTHING], []):
            who = holder(*held)
            assert {name for name in PERMISSIONS if who.may(name)} == expand(held) & PERMISSIONS.keys()


class TestGiving:
    @pytest.mark.parametrize(
        ("wanted", "held", "fits"),
        [
            (["runs:read"], ["runs:read"], True),
            (["runs:*"], ["runs:read", "runs:write"], True),
            (["runs:*"], ["runs:read"], False),
            (["runs:read"], ["runs:*"], True),
            ([EVERYTHING], sorted(PERMISSIONS), False),
            (["admin:tenants"], sorted(ROLES["owner"].permissions), False),
            (["admin:*"], [EVERYTHING], True),
            ([], [], True),
        ],
    )
    def test_nobody_gives_what_it_has_not(self, wanted: list[str], held: list[str], fits: bool) -> None:
        """SECURITY 25."""
        assert within(wanted, held) == fits

    def test_the_refusal_names_what_is_lacking(self) -> None:
        with pytest.raises(Refused, match="`keys:write`"):
            check_within(["runs:read", "keys:write"], ["runs:*"])

    def test_what_two_have_in_common_is_in_both(self) -> None:
        assert common(["runs:*", "keys:read"], ["runs:read", "flows:read"]) == {"runs:read"}


class TestRoles:
    def test_each_role_has_all_of_the_one_before(self) -> None:
        """From viewer to owner, and none of them cares for the installation."""
        sets = [role.permissions for role in ROLES.values()]

        assert all(less < more for less, more in itertools.pairwise(sets))
        assert sets[-1] == {name for name in PERMISSIONS if not name.startswith("admin:")}

    @pytest.mark.parametrize("name", ["owner", "Admin", "", "a b", "x" * 64, "-x", "ä"])
    def test_a_role_of_ones_own_has_a_name_of_its_own(self, name: str) -> None:
        with pytest.raises(Refused):
            check_role_name(name)
