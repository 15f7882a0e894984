"""`/v1/tenants`: made by whoever cares for the installation, seen by their own people."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from tenuto.api.access import Can
from tenuto.api.changing import Changing
from tenuto.api.errors import problems
from tenuto.api.moments import Moment
from tenuto.api.paging import Cursor, Limit, Paged
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.transactions import Reading
from tenuto.ports.tenants import Tenant
from tenuto.service import tenants
from tenuto.service.principal import Principal

Reader = Annotated[Principal, Can("tenants:read")]
Writer = Annotated[Principal, Can("tenants:write")]
Name = Annotated[str, Field(min_length=1, max_length=tenants.NAME_LIMIT, examples=["Acme"])]

router = Router(prefix="/v1/tenants", tags=["tenants"])


class NewTenant(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name


class TenantChange(BaseModel):
    """What is left out stays. `quotas`: null takes one away; only who cares for the installation sets them."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    quotas: Annotated[
        dict[str, Annotated[int, Field(ge=1, le=1_000_000)] | None] | None, Field(examples=[{"runs": 20}])
    ] = None


class TenantShown(BaseModel):
    """`id` is what `X-Tenant-Id` takes."""

    id: Annotated[str, Field(examples=["acme-1f0c9f6e"])]
    name: str
    quotas: dict[str, int]
    created_at: Moment


@router.post("", status_code=201, summary="Create a tenant", responses=problems(409))
async def create(
    who: Annotated[Principal, Can("admin:tenants")], body: NewTenant, platform: ThePlatform, tx: Changing
) -> TenantShown:
    """A person who makes one owns it."""
    return _shown(await tenants.create(tx, who, body.name, at=platform.clock()))


@router.get("", summary="List tenants", responses=problems(400))
async def listing(who: Reader, tx: Reading, limit: Limit = 50, cursor: Cursor = None) -> Paged[TenantShown]:
    """Yours; all of them, if you care for the installation."""
    page = await tenants.listing(tx, who, limit=limit, cursor=cursor)
    return Paged(items=[_shown(tenant) for tenant in page.items], next_cursor=page.next_cursor)


@router.get("/{tenant}", summary="See a tenant", responses=problems(404))
async def get(who: Reader, tenant: str, tx: Reading) -> TenantShown:
    return _shown(await tenants.get(tx, who, tenant))


@router.patch("/{tenant}", summary="Rename a tenant, set its quotas", responses=problems(404, 409))
async def change(who: Writer, tenant: str, body: TenantChange, platform: ThePlatform, tx: Changing) -> TenantShown:
    found = await tenants.change(tx, who, tenant, name=body.name, quotas=body.quotas, at=platform.clock())
    tx.after_commit(lambda: tenants.take_effect(platform.quotas, found))
    return _shown(found)


@router.delete("/{tenant}", status_code=204, summary="Delete a tenant", responses=problems(404, 409))
async def delete(
    who: Annotated[Principal, Can("tenants:delete")],
    tenant: str,
    platform: ThePlatform,
    *,
    force: Annotated[bool, Query(description="Cancel its runs that have not ended.")] = False,
) -> None:
    """With everything in it: flows, runs, files, keys, secrets. Its audit stays with the installation."""
    await tenants.delete(platform, who, tenant, force=force)


def _shown(tenant: Tenant) -> TenantShown:
    return TenantShown.model_validate(tenants.tenant_json(tenant))
