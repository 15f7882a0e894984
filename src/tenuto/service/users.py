"""Users: people who log in. What one may do somewhere stands in its memberships of tenants.

Whoever manages the users of a tenant never reaches beyond itself: not to somebody who may more than it does, and not to
the account (login, password, whether it is disabled) of somebody who belongs to other tenants too.
"""

import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from tenuto.ports.memberships import Member, Membership
from tenuto.ports.records import Page
from tenuto.ports.store import Transaction
from tenuto.ports.users import User
from tenuto.service.audit import audit
from tenuto.service.permissions import check_within
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused
from tenuto.service.roles import check_giving, permissions_of
from tenuto.service.runs import moment

LOGIN_LIMIT: Final = 200
NAME_LIMIT: Final = 200
ROLES_LIMIT: Final = 20
EVERYWHERE: Final = "admin:tenants"  # who cares for the installation may go beyond one tenant


@dataclass(slots=True, frozen=True)
class NewUser:
    """`password` None: cannot log in until one is set."""

    login: str
    name: str = ""
    password: str | None = None
    roles: Sequence[str] = ("viewer",)


@dataclass(slots=True, frozen=True)
class Change:
    """What is None stays."""

    name: str | None = None
    disabled: bool | None = None
    password: str | None = None
    roles: Sequence[str] | None = None


def normal_login(login: str) -> str:
    """The one spelling of a login: nobody is two people for a capital letter."""
    return unicodedata.normalize("NFKC", login).casefold().strip()


async def create(tx: Transaction, who: Principal, new: NewUser, password_hash: str | None, *, at: float) -> Member:
    """A new user, a member of the tenant. `password_hash`: of its password, made beforehand."""
    login = check_login(new.login)
    _check_name(new.name)
    roles = await _checked_roles(tx, who, new.roles)
    user = User(
        id=f"usr_{secrets.token_hex(8)}",
        login=login,
        name=new.name or login,
        created_at=at,
        password_hash=password_hash,
        password_changed_at=at if password_hash else None,
    )
    if await tx.users.by_login(login) is not None:
        raise Refused("exists", f"the login `{login}` is taken", "choose another")
    await tx.users.add(user)
    await tx.memberships.put(Membership(user.id, who.tenant, roles))
    await audit(tx, who, "users.create", user.id, {"login": login, "roles": roles}, at=at)
    return Member(user, who.tenant, roles)


async def get(tx: Transaction, tenant: str, user: str) -> Member:
    membership = await tx.memberships.get(tenant, user)
    found = await tx.users.get(user) if membership else None
    if membership is None or found is None:
        raise Refused("not_found", f"there is no user `{user[:80]}`", "`GET /v1/users` lists them")
    return Member(found, tenant, membership.roles)


async def listing(tx: Transaction, tenant: str, *, limit: int = 50, cursor: str | None = None) -> Page[Member]:
    return await tx.memberships.members(tenant, limit=limit, cursor=cursor)


async def change(
    tx: Transaction, who: Principal, user: str, wanted: Change, password_hash: str | None = None, *, at: float
) -> Member:
    """Change the account, or the roles in this tenant. A new password and being disabled end all sessions."""
    member = await _manageable(tx, who, user)
    if wanted.roles is not None:
        member = replace(member, roles=await _give(tx, who, member, wanted.roles, at))
    if (wanted.name, wanted.disabled, wanted.password) == (None, None, None):
        return member
    await _check_own_account(tx, who, member.user)
    changed = _with(member.user, wanted, password_hash, at)
    await tx.users.update(changed)
    if changed.disabled or password_hash:
        await tx.sessions.revoke(at, user=user)
    await audit(tx, who, "users.change", user, _said(wanted), at=at)
    return replace(member, user=changed)


async def set_roles(tx: Transaction, who: Principal, user: str, roles: Sequence[str], *, at: float) -> Member:
    """Make somebody a member of the tenant, or give other roles. Only who cares for all tenants brings somebody in."""
    if await tx.memberships.get(who.tenant, user) is None:
        found = await tx.users.get(user) if who.may(EVERYWHERE) else None
        if found is None:
            raise Refused("not_found", f"there is no user `{user[:80]}`", "`POST /v1/users` makes one")
        member = Member(found, who.tenant, ())
    else:
        member = await _manageable(tx, who, user)
    return replace(member, roles=await _give(tx, who, member, roles, at))


async def remove(tx: Transaction, who: Principal, user: str, *, at: float) -> None:
    """Out of the tenant; who is in no other tenant then is deleted, with its sessions."""
    member = await _manageable(tx, who, user)
    await tx.memberships.remove(who.tenant, user)
    await tx.sessions.revoke(at, user=user)
    if not await tx.memberships.of_user(user):
        await tx.users.delete(user)
    await audit(tx, who, "users.delete", user, {"login": member.user.login}, at=at)


def is_login(normal: str) -> bool:
    """Whether somebody could have it."""
    return 0 < len(normal) <= LOGIN_LIMIT and normal.isprintable() and " " not in normal


def check_login(login: str) -> str:
    normal = normal_login(login)
    if not is_login(normal):
        raise Refused("invalid", f"a login has 1 to {LOGIN_LIMIT} characters and no spaces", "such as ada@example.com")
    return normal


def _check_name(name: str) -> None:
    if len(name) > NAME_LIMIT:
        raise Refused("invalid", f"a name has at most {NAME_LIMIT} characters", "")


async def _checked_roles(tx: Transaction, who: Principal, roles: Sequence[str]) -> tuple[str, ...]:
    names = tuple(sorted(set(roles)))
    if len(names) > ROLES_LIMIT:
        raise Refused("invalid", f"a user has at most {ROLES_LIMIT} roles", "make a role of the tenant instead")
    await check_giving(tx, who, names)
    return names


async def _give(tx: Transaction, who: Principal, member: Member, roles: Sequence[str], at: float) -> tuple[str, ...]:
    names = await _checked_roles(tx, who, roles)
    await tx.memberships.put(Membership(member.user.id, who.tenant, names))
    details = {"roles": names, "before": member.roles}
    await audit(tx, who, "users.roles", member.user.id, details, at=at)
    return names


async def _manageable(tx: Transaction, who: Principal, user: str) -> Member:
    """A member of the tenant who may nothing that the manager may not."""
    member = await get(tx, who.tenant, user)
    check_within(await permissions_of(tx, who.tenant, member.roles), who.permissions)
    return member


async def _check_own_account(tx: Transaction, who: Principal, user: User) -> None:
    if who.may(EVERYWHERE):
        return
    if any(one.tenant != who.tenant for one in await tx.memberships.of_user(user.id)):
        raise Refused(
            "forbidden",
            "this account belongs to other tenants too",
            "change its roles here, or ask the administrator of the installation",
        )


def _with(user: User, wanted: Change, password_hash: str | None, at: float) -> User:
    _check_name(wanted.name or "")
    if wanted.name is not None:
        user = replace(user, name=wanted.name)
    if wanted.disabled is not None:
        user = replace(user, disabled=wanted.disabled)
    if password_hash is not None:
        user = replace(user, password_hash=password_hash, password_changed_at=at)
    return user


def _said(wanted: Change) -> dict[str, object]:
    """What was changed, for the audit: of a password only that."""
    said: dict[str, object] = {"name": wanted.name, "disabled": wanted.disabled}
    said["password"] = "set" if wanted.password else None
    return {key: value for key, value in said.items() if value is not None}


def member_json(member: Member) -> dict[str, object]:
    """As the API and `--json` show it."""
    return {
        "id": member.user.id,
        "login": member.user.login,
        "name": member.user.name,
        "roles": list(member.roles),
        "disabled": member.user.disabled,
        "created_at": moment(member.user.created_at),
    }
