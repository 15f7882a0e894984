"""`/v1/runs/{run}/events`: the journal of a run by page, or live."""

from typing import Annotated, Any, Final

from fastapi import Header, Query, Request
from fastapi.responses import Response

from tenuto.api.access import Can, admitted_still
from tenuto.api.errors import problems
from tenuto.api.event_stream import MEDIA_TYPE, EventStream
from tenuto.api.paging import Limit
from tenuto.api.platform import ThePlatform
from tenuto.api.quick import json_response
from tenuto.api.routing import Router
from tenuto.api.run_shapes import EventPage
from tenuto.api.tickets import door_of
from tenuto.ports.journal import RunEntry
from tenuto.service.named import named
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.projection import ENDED
from tenuto.service.refusals import Refused
from tenuto.service.stream import history

Reader = Annotated[Principal, Can("runs:read")]

UNRECORDED: Final = frozenset({"delta", "running", "log"})
_MOST: Final = 2**53  # of a `seq`, as far as JSON goes everywhere
_STREAM: Final[dict[str, Any]] = {
    "description": "A page of facts; with `Accept: text/event-stream` each as it happens.",
    "content": {
        MEDIA_TYPE: {
            "schema": {"type": "string"},
            "example": 'id: 3\nevent: node.succeeded\ndata: {"seq":3,"type":"node.succeeded","path":"greet"}\n\n',
        }
    },
}

router = Router(prefix="/v1/runs", tags=["runs"])


@router.get(
    "/{run}/events",
    response_model=EventPage,
    summary="The events of a run",
    responses={200: _STREAM, 204: {"description": "The run has ended and all of it was seen."}} | problems(404),
)
async def events(
    run: str,
    who: Reader,
    platform: ThePlatform,
    request: Request,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(max_length=20, description="The number of the last fact seen.")] = None,
    after: Annotated[int | None, Query(ge=0, le=_MOST, description="As `cursor`.")] = None,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
    include: Annotated[str, Query(max_length=100, description="Of `delta,running,log`, what a stream shows too.")] = (
        "delta"
    ),
) -> Response:
    """By page, oldest first. With `Accept: text/event-stream` live: from the fact after `Last-Event-ID` (or `after`) on,
    until the run has ended. Deltas of streaming nodes come as `event: delta` without an id, and are not kept."""
    entry = await named(platform.archive, who.tenant, run)
    seen = after if after is not None else _number("cursor", cursor)
    if MEDIA_TYPE not in request.headers.get("accept", ""):
        return await _page(platform, entry, seen, limit)
    seen = _number("Last-Event-ID", last_event_id) or seen
    if entry.status in ENDED and not await history(platform.archive, entry.id, seen, 1):
        return Response(status_code=204)  # tells a browser not to come back
    shown = _shown(include)
    left = door_of(request).read(who)
    reader = platform.live.streams.reader(entry.id, seen)
    return EventStream(reader, shown, lambda: admitted_still(request, "runs:read"), left=left)


async def _page(platform: Platform, entry: RunEntry, seen: int, limit: int) -> Response:
    frames = await history(platform.archive, entry.id, seen, limit + 1)
    shown = frames[:limit]
    after = b'"%d"' % shown[-1].seq if len(frames) > limit else b"null"
    return json_response(b'{"items":[%s],"next_cursor":%s}' % (b",".join(each.data for each in shown), after))


def _number(what: str, said: str | None) -> int:
    if said is None:
        return 0
    if not said.isascii() or not said.isdecimal() or int(said) > _MOST:
        raise Refused("malformed", f"`{what}` is the number of an event")
    return int(said)


def _shown(include: str) -> frozenset[str]:
    asked = {each for each in include.split(",") if each}
    if not asked <= UNRECORDED:
        raise Refused("invalid", f"`include` takes {', '.join(sorted(UNRECORDED))}")
    return frozenset(asked)
