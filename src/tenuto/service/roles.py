"""Roles: those that come with Tenuto, and those that a tenant made itself; and what somebody's roles amount to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tenuto.ports.roles import Role
from tenuto.ports.store import Transaction
from tenuto.service.audit import audit
from tenuto.service.permissions import ROLES, canonical, check_role_name, check_within, expand
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused, did_you_mean

MOST = 100  # roles of a tenant


@dataclass(slots=True, frozen=True)
class RoleView:
    """`built_in`: it comes with Tenuto, and cannot be changed."""

    name: str
    permissions: tuple[str, ...]
    built_in: bool
    description: str = ""


async def listing(tx: Transaction, tenant: str) -> list[RoleView]:
    built_in = [RoleView(name, tuple(sorted(role.permissions)), True, role.sentence) for name, role in ROLES.items()]
    return built_in + [_own(role) for role in await tx.roles.list(tenant)]


async def put(tx: Transaction, who: Principal, name: str, permissions: Iterable[str], *, at: float) -> RoleView:
    """Make a role of the tenant, or change it for everybody who has it."""
    names = canonical(permissions)
    check_within(names, who.permissions)
    role = Role(who.tenant, check_role_name(name), tuple(sorted(names)))
    before = await tx.roles.get(who.tenant, name)
    if before is None and len(await tx.roles.list(who.tenant)) >= MOST:
        raise Refused("full", f"a tenant has at most {MOST} roles of its own", "delete one that nobody needs")
    if before is not None:
        check_within(before.permissions, who.permissions)
    await tx.roles.put(role)
    await audit(tx, who, "roles.put", name, {"permissions": role.permissions}, at=at)
    return _own(role)


async def delete(tx: Transaction, who: Principal, name: str, *, at: float) -> None:
    """Whoever has it loses what it gave."""
    role = await tx.roles.get(who.tenant, name)
    if role is None:
        hint = "it comes with Tenuto and stays" if name in ROLES else "`GET /v1/roles` lists them"
        raise Refused("not_found", f"the tenant has no role `{name[:80]}` of its own", hint)
    check_within(role.permissions, who.permissions)
    await tx.roles.delete(who.tenant, name)
    await audit(tx, who, "roles.delete", name, at=at)


async def permissions_of(tx: Transaction, tenant: str, roles: Sequence[str]) -> frozenset[str]:
    """What the roles amount to in the tenant. One that is no longer there gives nothing."""
    found: set[str] = set()
    for name in roles:
        if name in ROLES:
            found |= ROLES[name].permissions
        elif role := await tx.roles.get(tenant, name):
            found |= expand(role.permissions)
    return frozenset(found)


async def check_giving(tx: Transaction, who: Principal, roles: Sequence[str]) -> None:
    """Refuse roles that are not there, and those that hold more than the giver."""
    own = {role.name for role in await tx.roles.list(who.tenant)}
    for name in roles:
        if name not in ROLES and name not in own:
            hint = did_you_mean(name, [*ROLES, *own]) or f"one of {', '.join([*ROLES, *sorted(own)])}"
            raise Refused("invalid", f"there is no role `{name[:80]}`", hint)
    check_within(await permissions_of(tx, who.tenant, roles), who.permissions)


async def grants_of(tx: Transaction, user: str, first: str = "") -> dict[str, frozenset[str]]:
    """What a user may do in each of its tenants, `first` before the others."""
    memberships = sorted(await tx.memberships.of_user(user), key=lambda one: one.tenant != first)
    return {one.tenant: await permissions_of(tx, one.tenant, one.roles) for one in memberships}


def _own(role: Role) -> RoleView:
    return RoleView(role.name, role.permissions, False)
