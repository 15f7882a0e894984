"""`/v1/approvals`: what waits for a person, over all runs of the tenant, and its answer."""

from typing import Annotated

from fastapi import Header, Query

from tenuto.api.access import Can
from tenuto.api.errors import problems
from tenuto.api.paging import Cursor, Limit, Paged
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.run_shapes import AnswerBody, ApprovalShown, Told
from tenuto.service import telling
from tenuto.service.inbox import Wanted, waiting_json
from tenuto.service.principal import Principal

Reader = Annotated[Principal, Can("approvals:read")]
Writer = Annotated[Principal, Can("approvals:write")]
Key = Annotated[
    str | None, Header(alias="Idempotency-Key", max_length=255, description="The same key is the same answer.")
]

router = Router(prefix="/v1/approvals", tags=["approvals"])


@router.get("", summary="What waits for an answer")
async def listing(
    who: Reader,
    platform: ThePlatform,
    limit: Limit = 50,
    cursor: Cursor = None,
    assignee: Annotated[str | None, Query(max_length=300)] = None,
    flow: Annotated[str | None, Query(max_length=63)] = None,
    run: Annotated[str | None, Query(max_length=200, description="By id or name.")] = None,
) -> Paged[ApprovalShown]:
    """What was asked first comes first."""
    found, after = platform.live.inbox.page(Wanted(who.tenant, assignee, flow, run), limit=limit, cursor=cursor)
    return Paged[ApprovalShown](
        items=[ApprovalShown.model_validate(waiting_json(each)) for each in found], next_cursor=after
    )


@router.post("/{run}/{path:path}", summary="Approve or reject", responses=problems(404, 409))
async def answer(run: str, path: str, who: Writer, platform: ThePlatform, body: AnswerBody, key: Key = None) -> Told:
    """Once: a second answer is 409. The run records who it was."""
    said = body.model_dump(exclude_unset=True)
    entry = await telling.answer(platform, who, run, path, said, key=key)
    return Told(id=entry.id, name=entry.name)
