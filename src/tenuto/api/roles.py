"""`/v1/roles`: named sets of permissions; and `/v1/permissions`, all that there are."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tenuto.api.access import Can, Known
from tenuto.api.changing import Changing
from tenuto.api.errors import problems
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.transactions import Reading
from tenuto.service import roles
from tenuto.service.permissions import PERMISSIONS
from tenuto.service.principal import Principal

Reader = Annotated[Principal, Can("tenants:read")]
Writer = Annotated[Principal, Can("tenants:write")]

router = Router(tags=["roles"])


class RoleBody(BaseModel):
    """`permissions`: none that you do not hold yourself."""

    model_config = ConfigDict(extra="forbid")

    permissions: Annotated[list[str], Field(max_length=200, examples=[["runs:read", "runs:write"]])]


class RoleShown(BaseModel):
    """`built_in`: it comes with Tenuto, and stays as it is."""

    name: Annotated[str, Field(examples=["operator"])]
    permissions: list[str]
    built_in: bool
    description: str


class RoleList(BaseModel):
    items: list[RoleShown]


class PermissionShown(BaseModel):
    name: Annotated[str, Field(examples=["runs:write"])]
    description: str


class PermissionList(BaseModel):
    items: list[PermissionShown]


@router.get("/v1/permissions", summary="List permissions")
async def permissions(who: Annotated[Principal, Known()]) -> PermissionList:
    """The same in every tenant."""
    del who
    return PermissionList(items=[PermissionShown(name=name, description=said) for name, said in PERMISSIONS.items()])


@router.get("/v1/roles", summary="List roles")
async def listing(who: Reader, tx: Reading) -> RoleList:
    """Those that come with Tenuto, then the tenant's own."""
    return RoleList(items=[_shown(role) for role in await roles.listing(tx, who.tenant)])


@router.put("/v1/roles/{role}", summary="Make or change a role", responses=problems(409))
async def put(who: Writer, role: str, body: RoleBody, platform: ThePlatform, tx: Changing) -> RoleShown:
    """Of this tenant. Whoever has the role may at once what it says now."""
    return _shown(await roles.put(tx, who, role, body.permissions, at=platform.clock()))


@router.delete("/v1/roles/{role}", status_code=204, summary="Delete a role", responses=problems(404))
async def delete(who: Writer, role: str, platform: ThePlatform, tx: Changing) -> None:
    """Whoever has it loses what it gave."""
    await roles.delete(tx, who, role, at=platform.clock())


def _shown(role: roles.RoleView) -> RoleShown:
    return RoleShown(
        name=role.name, permissions=list(role.permissions), built_in=role.built_in, description=role.description
    )
