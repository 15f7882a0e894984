"""Who may answer an approval that names somebody: a person or a role that is named there, or an administrator.

A person is named by login or id, somebody of an outside issuer by the name or the id that the issuer gives. A key answers
for the person who made it. What asks and is not asked yet is answered by nobody: whom it will name is not known.
"""

from collections.abc import Collection, Sequence
from typing import Final, cast

from tenuto.ports.journal import RunEntry
from tenuto.ports.store import Transaction
from tenuto.service.follow import Follower
from tenuto.service.permissions import within
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.projection import ENDED
from tenuto.service.refusals import Refused
from tenuto.service.roles import permissions_of
from tenuto.service.users import normal_login

Json = object

ADMINISTERS: Final = "tenants:write"  # who may change the members of the tenant
_SHOWN: Final = 8


async def check(platform: Platform, who: Principal, entry: RunEntry, name: str) -> None:
    """Refused unless `who` may answer what the run asks under this name."""
    if who.may(ADMINISTERS):
        return
    waiting = platform.live.inbox.waits(entry.id, name)
    named = await _asked(platform, entry, name) if waiting is None else waiting.assignees
    if not named:
        return
    async with platform.store.read() as tx:
        if await _is_one_of(tx, who, [normal_login(str(each)) for each in named]):
            return
    words = ", ".join(str(each)[:100] for each in named[:_SHOWN])
    raise Refused("forbidden", f"`{name}` of {entry.name} asks {words}", "one of them answers, or an administrator")


async def _asked(platform: Platform, entry: RunEntry, name: str) -> Sequence[Json]:
    """Whom a question names that the inbox does not hold under this name: of a run that was called, or not asked yet."""
    follower = await platform.archive.within(entry.tenant).follower(entry)
    asked = next((wait.ask for wait in follower.waits() if (wait.signal or wait.path) == name), None)
    if asked is None and follower.names_assignees(name):
        raise _not_asked_now(entry, name, follower)
    said = (asked or {}).get("assignees")
    return cast("list[Json]", said) if isinstance(said, list) else []


def _not_asked_now(entry: RunEntry, name: str, follower: Follower) -> Refused:
    reached, inner = follower.addressee(name)
    node = reached.view().nodes.get(inner)
    if node is not None and node.settled:
        return Refused("answered", f"`{name}` of {entry.name} has been answered")
    if entry.status in ENDED:
        return Refused("ended", f"{entry.name} has ended ({entry.status})")
    return Refused("conflict", f"`{name}` of {entry.name} is not asked yet", "answer it once it waits")


async def _is_one_of(tx: Transaction, who: Principal, named: Collection[str]) -> bool:
    if who.kind == "oidc":
        roles = [await permissions_of(tx, who.tenant, [name]) for name in named]
        holds = any(role and within(role, who.permissions) for role in roles)
        return holds or not {normal_login(who.name), normal_login(who.id)}.isdisjoint(named)
    person = await _person(tx, who)
    if person is None:
        return False
    user, membership = await tx.users.get(person), await tx.memberships.get(who.tenant, person)
    words = {person, *(membership.roles if membership else ()), *([user.login] if user else ())}
    return not words.isdisjoint(named)


async def _person(tx: Transaction, who: Principal) -> str | None:
    """The id of the user that it is, or for whom it acts."""
    kind, id_ = who.kind, who.id
    while kind == "key":
        key = await tx.keys.get(who.tenant, id_)
        kind, _, id_ = ("nobody", "", "") if key is None else key.created_by.partition(":")
    return id_ if kind == "user" else None
