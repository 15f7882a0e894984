"""`/v1/users`: the people of the tenant."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tenuto.api.access import Can
from tenuto.api.changing import Changing
from tenuto.api.errors import problems
from tenuto.api.moments import Moment
from tenuto.api.paging import Cursor, Limit, Paged
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.transactions import Reading
from tenuto.ports.memberships import Member
from tenuto.service import users
from tenuto.service.principal import Principal

Reader = Annotated[Principal, Can("users:read")]
Writer = Annotated[Principal, Can("users:write")]
RoleNames = Annotated[list[str], Field(max_length=users.ROLES_LIMIT, examples=[["developer"]])]
Password = Annotated[str, Field(max_length=5_000, description="8 characters at least, 1,024 bytes at most.")]

router = Router(prefix="/v1/users", tags=["users"])


class NewUser(BaseModel):
    """Without a password nobody can log in as this user until one is set."""

    model_config = ConfigDict(extra="forbid")

    login: Annotated[str, Field(min_length=1, max_length=users.LOGIN_LIMIT, examples=["ada@example.com"])]
    name: Annotated[str, Field(max_length=users.NAME_LIMIT, examples=["Ada"])] = ""
    password: Password | None = None
    roles: RoleNames = ["viewer"]


class UserChange(BaseModel):
    """What is left out stays. A new password, and being disabled, end all sessions of the user."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str | None, Field(max_length=users.NAME_LIMIT)] = None
    disabled: bool | None = None
    password: Password | None = None
    roles: RoleNames | None = None


class RolesBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    roles: RoleNames


class UserShown(BaseModel):
    """`roles`: in this tenant."""

    id: Annotated[str, Field(examples=["usr_5a0c7d1e9b3f2468"])]
    login: str
    name: str
    roles: list[str]
    disabled: bool
    created_at: Moment


@router.post("", status_code=201, summary="Create a user", responses=problems(409))
async def create(who: Writer, body: NewUser, platform: ThePlatform, tx: Changing) -> UserShown:
    """A member of this tenant, in roles that hold no more than you do."""
    new = users.NewUser(body.login, body.name, body.password, body.roles)
    kept = None if body.password is None else await platform.identity.passwords.hashed(body.password)
    return _shown(await users.create(tx, who, new, kept, at=platform.clock()))


@router.get("", summary="List users", responses=problems(400))
async def listing(who: Reader, tx: Reading, limit: Limit = 50, cursor: Cursor = None) -> Paged[UserShown]:
    page = await users.listing(tx, who.tenant, limit=limit, cursor=cursor)
    return Paged(items=[_shown(member) for member in page.items], next_cursor=page.next_cursor)


@router.get("/{user}", summary="See a user", responses=problems(404))
async def get(who: Reader, user: str, tx: Reading) -> UserShown:
    return _shown(await users.get(tx, who.tenant, user))


@router.patch("/{user}", summary="Change a user", responses=problems(404))
async def change(who: Writer, user: str, body: UserChange, platform: ThePlatform, tx: Changing) -> UserShown:
    """Roles hold in this tenant. The rest is the account: not yours to change if its owner is in other tenants too."""
    wanted = users.Change(body.name, body.disabled, body.password, body.roles)
    kept = None if body.password is None else await platform.identity.passwords.hashed(body.password)
    return _shown(await users.change(tx, who, user, wanted, kept, at=platform.clock()))


@router.put("/{user}/roles", summary="Give a user roles in this tenant", responses=problems(404))
async def set_roles(who: Writer, user: str, body: RolesBody, platform: ThePlatform, tx: Changing) -> UserShown:
    """Whoever cares for the whole installation may so bring somebody from another tenant into this one."""
    return _shown(await users.set_roles(tx, who, user, body.roles, at=platform.clock()))


@router.delete("/{user}", status_code=204, summary="Remove a user", responses=problems(404))
async def remove(who: Writer, user: str, platform: ThePlatform, tx: Changing) -> None:
    """From this tenant; whoever is in no other is deleted."""
    await users.remove(tx, who, user, at=platform.clock())


def _shown(member: Member) -> UserShown:
    return UserShown.model_validate(users.member_json(member))
