"""The two that are asked most: start a run, look at one. See `api.quick` for how they are read."""

from typing import Annotated, Any, Final

import msgspec
from fastapi.requests import Request
from fastapi.responses import Response

from tenuto.api.access import Can
from tenuto.api.errors import problems
from tenuto.api.limits import limited
from tenuto.api.platform import platform_of
from tenuto.api.quick import json_response, quick_router, seconds_of
from tenuto.api.run_shapes import START_BODY, RunShown, RunStarted
from tenuto.service import hops, trace_ids
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.runs import entry_json, nodes_page
from tenuto.service.starting import Started, asked_of, ended, start

MOST_WAIT: Final = 60.0  # seconds

Reader = Annotated[Principal, Can("runs:read")]
Writer = Annotated[Principal, Can("runs:write")]

router = quick_router("/v1/runs", "runs")

_PAGE: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": "under",
            "in": "query",
            "description": "Show the nodes under this path (`search[3]`) instead, by page.",
            "schema": {"type": "string"},
        },
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}},
        {
            "name": "cursor",
            "in": "query",
            "description": "`next_cursor` of the page of nodes before.",
            "schema": {"type": "string"},
        },
    ]
}


@router.post(
    "",
    status_code=201,
    response_model=RunStarted,
    summary="Start a run",
    openapi_extra=START_BODY | limited("start"),
    responses=problems(404, 409),
)
async def start_run(request: Request, who: Writer) -> Response:
    """Durable when it is answered. `Location` says where the run is."""
    platform = platform_of(request)
    wait = seconds_of(request, "wait", MOST_WAIT) if request.scope["query_string"] else None
    asked = asked_of(await request.json())
    led = hops.read(request.headers.get(hops.HEADER, "0"))
    trace = request.headers.get(trace_ids.HEADER)
    begun = platform.clock()
    started = await start(platform, who, asked, key=request.headers.get("idempotency-key"), led=led, trace=trace)
    if platform.spans is not None and not started.again:
        platform.spans.request(started.entry.id, "/v1/runs", begun, platform.clock(), trace)
    return await started_response(platform, started, wait)


@router.get(
    "/{run}",
    response_model=RunShown,
    summary="Show a run",
    openapi_extra=_PAGE,
    responses=problems(404),
)
async def show_run(run: str, request: Request, who: Reader) -> Response:
    """By id or name, with the nodes of its top level; `?under=` goes deeper."""
    platform = platform_of(request)
    views = platform.live.views
    if not request.scope["query_string"]:
        return json_response(views.ready(run, who.tenant) or await views.text(run, who.tenant))
    asked = request.query_params
    entry, follower = await views.follower(run, who.tenant)
    page = await nodes_page(follower, asked.get("under", ""), limit=asked.get("limit"), cursor=asked.get("cursor"))
    return json_response(_encode({**page, "labels": dict(entry.labels)}))


async def started_response(platform: Platform, started: Started, wait: float | None) -> Response:
    """What everything that starts a run answers."""
    run = started.entry.id
    headers = {"Location": f"/v1/runs/{run}"}
    if started.again:
        headers["Idempotency-Replayed"] = "true"
    if wait is None:
        shown = {**entry_json(started.entry), "output": started.output, "error": started.error}
        return json_response(_encode(shown), 201, headers)
    if started.entry.ended_at is None:
        await ended(platform, run, wait)
    return json_response(await platform.live.views.text(run, started.entry.tenant), 201, headers)


_encode = msgspec.json.Encoder().encode
