"""`/v1/runs`: lists of runs, and what can be done to one or to many. Starting and showing one are in `run_hot`."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from fastapi import Body, Header, Query
from fastapi.responses import Response

from tenuto.api.access import Can
from tenuto.api.errors import problems
from tenuto.api.limits import limited
from tenuto.api.paging import Cursor, Limit, Paged
from tenuto.api.platform import ThePlatform
from tenuto.api.quick import json_response
from tenuto.api.routing import Router
from tenuto.api.run_hot import MOST_WAIT, started_response
from tenuto.api.run_shapes import (
    BulkBody,
    BulkDone,
    BulkError,
    BulkShown,
    CancelBody,
    FilterBody,
    ForkBody,
    LabelsBody,
    LogLine,
    LogPage,
    NoteBody,
    NoteShown,
    RetryBody,
    RunLine,
    RunStarted,
    Told,
)
from tenuto.api.transactions import Reading, Writing
from tenuto.ports.journal import RunEntry, RunQuery
from tenuto.service import notes, pages, repeating, runs, telling
from tenuto.service.compare import side_by_side
from tenuto.service.named import named
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused

Reader = Annotated[Principal, Can("runs:read")]
Writer = Annotated[Principal, Can("runs:write")]
Wait = Annotated[
    float | None, Query(ge=0, le=MOST_WAIT, description="So many seconds to wait for the outcome of the new run.")
]
Key = Annotated[
    str | None, Header(alias="Idempotency-Key", max_length=255, description="The same key is the same signal.")
]
Once = Annotated[
    str | None, Header(alias="Idempotency-Key", max_length=255, description="The same key is the same new run.")
]
_STARTED: Final[dict[str, Any]] = {"status_code": 201, "response_model": RunStarted}

router = Router(prefix="/v1/runs", tags=["runs"])


@router.get("", summary="List runs", responses=problems(404))
async def listing(
    who: Reader,
    platform: ThePlatform,
    limit: Limit = 50,
    cursor: Cursor = None,
    flow: Annotated[str | None, Query(max_length=63)] = None,
    status: Annotated[list[str] | None, Query(description="Any of these; give it more than once.")] = None,
    stage: Annotated[str | None, Query(max_length=63)] = None,
    label: Annotated[list[str] | None, Query(description="`name:value`; all that are given.")] = None,
    created_after: Annotated[datetime | None, Query(description="Then or later; RFC 3339.")] = None,
    created_before: Annotated[datetime | None, Query()] = None,
    parent: Annotated[str | None, Query(max_length=200, description="The run that called it.")] = None,
    name: Annotated[str | None, Query(max_length=200, description="Its whole name, or the start of its id.")] = None,
) -> Paged[RunLine]:
    """Newest first. Everything that is asked for must hold."""
    query = RunQuery(
        statuses=frozenset(status) if status else None,
        flow=flow,
        stage=stage,
        parent=(await named(platform.archive, who.tenant, parent)).id if parent else None,
        name=name,
        labels=_labels(label or []),
        created_after=_seconds(created_after),
        created_before=_seconds(created_before),
        cursor=pages.age_of(cursor),
        limit=limit + 1,
    )
    found, after = pages.split(await runs.listing(platform.archive.within(who.tenant), query), limit)
    await platform.flows.published.numbers.fill(found)
    return Paged[RunLine](items=[_line(entry) for entry in found], next_cursor=after)


@router.post("/bulk", summary="Cancel, retry or delete many runs", openapi_extra=limited("start"))
async def bulk(who: Writer, platform: ThePlatform, body: BulkBody) -> BulkShown:
    """At most 1,000 at a time, each with what came of it. What is refused of one holds up none. A `filter` takes only
    those to which it can be done."""
    query = None if body.filter is None else _query(body.filter)
    done = await repeating.bulk(platform, who, body.action, ids=body.ids, query=query)
    items = [_done(each) for each in done]
    return BulkShown(done=sum(each.ok for each in items), refused=sum(not each.ok for each in items), items=items)


@router.delete("/{run}", status_code=204, summary="Delete a run", responses=problems(404, 409))
async def delete(run: str, who: Writer, platform: ThePlatform) -> Response:
    """Its facts, logs, notes and what only it referred to. It must have ended."""
    await repeating.delete(platform, who, run)
    return Response(status_code=204)


@router.patch("/{run}", summary="Change a run's labels", responses=problems(404))
async def label(run: str, who: Writer, platform: ThePlatform, body: LabelsBody) -> RunLine:
    """Those that are named; null takes one away."""
    entry = await telling.label(platform, who, run, body.labels)
    await platform.flows.published.numbers.fill([entry])
    return _line(entry)


@router.post("/{run}/signals/{name:path}", summary="Send a signal", responses=problems(404, 409))
async def signal(
    run: str,
    name: str,
    who: Writer,
    platform: ThePlatform,
    payload: Annotated[Any, Body(examples=[{"approved": True}])] = None,
    key: Key = None,
) -> Told:
    """To whatever waits for that name, or will. Approvals and nodes in doubt are addressed by path: `search[3].ok`, and
    `sub/ok` in a run that `sub` called. `{"decision": "retry" | "done" | "fail"}` settles a node in doubt."""
    return _told(await telling.signal(platform, who, run, name, payload, key=key))


@router.post("/{run}/cancel", summary="Cancel a run", responses=problems(404, 409))
async def cancel(run: str, who: Writer, platform: ThePlatform, body: CancelBody | None = None) -> Told:
    """Once this is answered no node begins; those that run are told to stop."""
    return _told(await telling.cancel(platform, who, run, body.reason if body else None))


@router.post("/{run}/pause", summary="Pause a run", responses=problems(404, 409))
async def pause(run: str, who: Writer, platform: ThePlatform) -> Told:
    """What runs goes on to its end; nothing new begins until it is resumed."""
    return _told(await telling.pause(platform, who, run))


@router.post("/{run}/resume", summary="Resume a paused run", responses=problems(404, 409))
async def resume(run: str, who: Writer, platform: ThePlatform) -> Told:
    return _told(await telling.resume(platform, who, run))


@router.post(
    "/{run}/retry", summary="Retry a run", openapi_extra=limited("start"), responses=problems(404, 409), **_STARTED
)
async def retry(
    run: str, who: Writer, platform: ThePlatform, body: RetryBody | None = None, wait: Wait = None, key: Once = None
) -> Response:
    """A new run that keeps what succeeded and does again what failed or was cancelled, or `from` a node on."""
    asked = body or RetryBody()
    started = await repeating.retry(platform, who, run, from_=asked.from_, version=asked.version, key=key)
    return await started_response(platform, started, wait)


@router.post(
    "/{run}/fork", summary="Fork a run", openapi_extra=limited("start"), responses=problems(404, 409), **_STARTED
)
async def fork(
    run: str, who: Writer, platform: ThePlatform, body: ForkBody | None = None, wait: Wait = None, key: Once = None
) -> Response:
    """A new run as the other was at a fact or before a node, with edits. The other is never touched."""
    asked = body or ForkBody()
    started = await repeating.fork(
        platform, who, run, at=asked.at, edits=asked.edits, version=asked.version, name=asked.name, key=key
    )
    return await started_response(platform, started, wait)


@router.get("/{run}/diff/{other}", summary="Compare two runs", responses=problems(404))
async def diff(run: str, other: str, who: Reader, platform: ThePlatform) -> dict[str, Any]:
    """Where they part: input, outcome, and each node of which they tell different things."""
    views = platform.live.views
    (_, a), (_, b) = await views.follower(run, who.tenant), await views.follower(other, who.tenant)
    return await side_by_side(a, b)


@router.get("/{run}/logs", response_model=LogPage, summary="What nodes of a run logged", responses=problems(404))
async def logs(
    run: str, who: Reader, platform: ThePlatform, path: Annotated[str | None, Query(max_length=1_000)] = None
) -> Response:
    """The last lines, of one node where `path` names it. Logs are kept beside the journal and are not promised."""
    entry = await named(platform.archive, who.tenant, run)
    lines = [line for line in await platform.logs.read(entry.id) if path in {None, line.get("path")}]
    return json_response(_encode(LogPage(items=[LogLine.model_construct(**line) for line in lines]).model_dump()))


@router.get("/{run}/notes", summary="Notes on a run", responses=problems(404))
async def list_notes(
    run: str, who: Reader, platform: ThePlatform, tx: Reading, limit: Limit = 50, cursor: Cursor = None
) -> Paged[NoteShown]:
    """Oldest first."""
    page = await notes.listing(platform, tx, who, run, limit=limit, cursor=cursor)
    return Paged[NoteShown](
        items=[NoteShown.model_validate(notes.note_json(each)) for each in page.items], next_cursor=page.next_cursor
    )


@router.post("/{run}/notes", status_code=201, summary="Add a note to a run", responses=problems(404))
async def add_note(run: str, who: Writer, platform: ThePlatform, tx: Writing, body: NoteBody) -> NoteShown:
    return NoteShown.model_validate(notes.note_json(await notes.add(platform, tx, who, run, body.text)))


def _query(asked: FilterBody) -> RunQuery:
    return RunQuery(
        statuses=frozenset(asked.status) if asked.status else None,
        flow=asked.flow,
        stage=asked.stage,
        labels=asked.labels,
        parent=asked.parent,
        created_after=_moment(asked.created_after),
        created_before=_moment(asked.created_before),
        limit=repeating.MOST,
    )


def _labels(said: list[str]) -> dict[str, str]:
    pairs = [each.partition(":") for each in said]
    if any(not colon or not name for name, colon, _ in pairs):
        raise Refused("invalid", "`label` is `name:value`")
    return {name: value for name, _, value in pairs}


def _moment(said: str | None) -> float | None:
    try:
        return None if said is None else _seconds(datetime.fromisoformat(said))
    except ValueError:
        raise Refused("invalid", f"`{said}` is no moment", "write it as 2026-01-31T12:00:00Z") from None


def _seconds(moment: datetime | None) -> float | None:
    """A moment that says no zone is UTC."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _line(entry: RunEntry) -> RunLine:
    return RunLine.model_validate(runs.entry_json(entry))


def _told(entry: RunEntry) -> Told:
    return Told(id=entry.id, name=entry.name)


def _done(each: repeating.Done) -> BulkDone:
    error = BulkError(code=each.refused.code, detail=str(each.refused)) if each.refused else None
    return BulkDone(id=each.id, name=each.name, ok=error is None, run=each.run, error=error)


_encode = msgspec.json.Encoder().encode
