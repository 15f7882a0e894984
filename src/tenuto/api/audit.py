"""`/v1/audit`: who did what in the tenant."""

from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from tenuto.api.access import Can
from tenuto.api.errors import problems
from tenuto.api.moments import Moment
from tenuto.api.paging import Cursor, Limit, Paged
from tenuto.api.routing import Router
from tenuto.api.transactions import Reading
from tenuto.ports.store import Transaction
from tenuto.service.audit import SYSTEM, entry_json
from tenuto.service.principal import Principal

Text = Annotated[str | None, Query(max_length=300)]
Since = Annotated[AwareDatetime | None, Query(examples=["2026-11-21T00:00:00Z"])]

router = Router(prefix="/v1/audit", tags=["audit"])


class AuditLine(BaseModel):
    """`hash` covers all of it and `previous`, the hash of the entry before."""

    seq: int
    at: Moment
    actor: Annotated[str, Field(examples=["user:usr_5a0c7d1e9b3f2468"])]
    action: Annotated[str, Field(examples=["keys.create"])]
    subject: str
    outcome: Annotated[str, Field(examples=["done"], description="`done` or `refused`.")]
    details: dict[str, Any]
    previous: str
    hash: str


class Wanted:
    """All of it must hold."""

    def __init__(
        self,
        actor: Text = None,
        action: Text = None,
        subject: Text = None,
        since: Since = None,
        until: Since = None,
    ) -> None:
        self.actor, self.action, self.subject = actor, action, subject
        self.since, self.until = _seconds(since), _seconds(until)


Filter = Annotated[Wanted, Depends()]


@router.get("", summary="See who did what", responses=problems(400))
async def listing(
    who: Annotated[Principal, Can("audit:read")],
    tx: Reading,
    wanted: Filter,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Paged[AuditLine]:
    """Of this tenant, the newest first."""
    return await _page(tx, who.tenant, wanted, limit, cursor)


@router.get("/system", summary="See who did what to the installation", responses=problems(400))
async def system(
    who: Annotated[Principal, Can("admin:system")],
    tx: Reading,
    wanted: Filter,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Paged[AuditLine]:
    """What belongs to no tenant: strangers that were refused, tenants that were made and deleted."""
    del who
    return await _page(tx, SYSTEM, wanted, limit, cursor)


async def _page(tx: Transaction, chain: str, wanted: Wanted, limit: int, cursor: str | None) -> Paged[AuditLine]:
    page = await tx.audit.list(chain, **vars(wanted), limit=limit, cursor=cursor)
    items = [AuditLine.model_validate(entry_json(entry)) for entry in page.items]
    return Paged(items=items, next_cursor=page.next_cursor)


def _seconds(moment: Any) -> float | None:
    return None if moment is None else moment.timestamp()
