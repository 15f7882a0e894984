"""`/hooks/{tenant}/{stage}/…`: requests from outside, for the `http` triggers of what is published there.

Which route it is, how large it may be, and who sent it: in this order, before its body is more than bytes.
"""

import asyncio
from typing import Annotated, Any, Final, Literal, cast
from urllib.parse import parse_qsl, unquote_to_bytes

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tenuto.api.access import PUBLIC, principal_in
from tenuto.api.bodies import read_json
from tenuto.api.errors import problems
from tenuto.api.limits import address_of
from tenuto.api.platform import ThePlatform
from tenuto.service import hooks, hops
from tenuto.service.gate import Attempt
from tenuto.service.hooks import Hook, Incoming, Received, WrongMethod
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused

PREFIX: Final = "/hooks"
LARGEST: Final = 1024 * 1024  # bytes of a body
LONGEST_WAIT: Final = 30.0  # seconds for a trigger that says `respond: result`
_MOST_FIELDS: Final = 1_000

router = APIRouter(prefix=PREFIX, tags=["hooks"], dependencies=[PUBLIC])


class Begun(BaseModel):
    """A run that a request started."""

    id: str
    name: str
    status: Literal["queued", "running", "waiting", "succeeded", "failed", "cancelled"] = Field(examples=["running"])


@router.post(
    "/{tenant}/{stage}/{path:path}",
    operation_id="hook",
    summary="Start the flow whose trigger takes this request",
    status_code=202,
    response_model=Begun,
    responses={
        200: {"description": "The run's output (`respond: result`), or the run that this very request started before."},
        **problems(400, 401, 403, 404, 405, 413, 415, 422, 429, 500, 503, 508),
    },
)
@router.api_route(
    "/{tenant}/{stage}/{path:path}",
    methods=["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"],
    include_in_schema=False,  # the same again
)
async def receive(
    tenant: Annotated[str, Path(max_length=200)],
    stage: Annotated[str, Path(max_length=200)],
    path: Annotated[str, Path(max_length=4_096)],
    request: Request,
    platform: ThePlatform,
) -> JSONResponse:
    """Which method and which path it takes, and who may send it, is what the flow says that is published in the stage.

    The body is JSON, a form, or text. With `respond: result` the answer is the run's output if that comes within thirty
    seconds; otherwise it is the run, and `Location` says where it can be followed.
    """
    del path  # as it was sent it is in the request
    shown, segments = _segments(request)
    hook = await _find(platform, tenant, stage, request.method, segments)
    who = await principal_in(request, tenant) if hook.keyed else None
    incoming = Incoming(
        request.method,
        shown,
        _query(request),
        _headers(request),
        await _body(request),
        hops.read(request.headers.get(hops.HEADER, "0")),
    )
    identifier = await _admit(request, platform, hook, incoming, who)
    received = await hooks.receive(platform, hook, incoming, _read(incoming), identifier)
    return await _result(platform, received) if hook.waits else _begun(received)


async def _find(platform: Platform, tenant: str, stage: str, method: str, segments: list[str]) -> Hook:
    try:
        return await hooks.find(platform, tenant, stage, method, segments)
    except WrongMethod as wrong:
        said = f"this path does not take {method}: the header `Allow` says what it takes"
        raise HTTPException(405, said, {"Allow": ", ".join(wrong.allowed)}) from None


async def _admit(
    request: Request, platform: Platform, hook: Hook, incoming: Incoming, who: Principal | None
) -> str | None:
    """A signature that is none is written down as every other credential that is refused."""
    try:
        return await hooks.admit(platform, hook, incoming, who)
    except Refused as refused:
        if refused.code in {"unauthenticated", "forbidden"}:
            where = f"{request.method} {request.scope['path'][:200]}"
            await platform.gate.report(Attempt("hooks.refused", str(refused), who, where, address_of(request)))
        raise


def _begun(received: Received) -> JSONResponse:
    entry = received.entry
    headers = {"Location": f"/v1/runs/{entry.id}"}
    return JSONResponse(_shown(received), 200 if received.again else 202, headers)


async def _result(platform: Platform, received: Received) -> JSONResponse:
    """The output of the run, if it comes in time."""
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            outcome = await hooks.outcome(platform, received)
    except TimeoutError:
        return JSONResponse(_shown(received), 202, {"Location": f"/v1/runs/{received.entry.id}"})
    if outcome.status == "succeeded":
        return JSONResponse(outcome.output)
    said = f"the run {outcome.name} {'failed' if outcome.status == 'failed' else 'was cancelled'}"
    raise Refused("run_failed", said, "its journal says why")  # what went wrong inside is not the sender's business


def _shown(received: Received) -> dict[str, str]:
    entry = received.entry
    return {"id": entry.id, "name": entry.name, "status": entry.status}


# --- reading the request


def _segments(request: Request) -> tuple[str, list[str]]:
    """The path below the stage as it was sent, cut at its own slashes, then decoded; one slash at its end is nothing."""
    raw = cast("bytes", request.scope.get("raw_path") or request.scope["path"].encode()).split(b"?", 1)[0]
    below = raw.split(b"/", 4)[4] if raw.count(b"/") >= 4 else b""
    pieces = below.removesuffix(b"/").split(b"/") if below.removesuffix(b"/") else []
    try:
        segments = [unquote_to_bytes(piece).decode() for piece in pieces]
    except UnicodeDecodeError:
        raise HTTPException(400, "the path is not UTF-8") from None
    if any(not segment.isprintable() for segment in segments):
        raise HTTPException(400, "the path holds a character that cannot be printed")
    return "/" + "/".join(segments), segments


def _query(request: Request) -> dict[str, str | list[str]]:
    return _joined(QueryParams(request.scope["query_string"]).multi_items())


def _headers(request: Request) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in request.headers.items():  # lower-case
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


async def _body(request: Request) -> bytes:
    """At most so many bytes, whatever was announced."""
    said = f"the body is larger than {LARGEST:,} bytes"
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > LARGEST:
        raise HTTPException(413, said)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise HTTPException(413, said)
    return bytes(body)


def _read(incoming: Incoming) -> Any:
    """What the content type says it is. Without one it is JSON, or nothing."""
    if not incoming.body:
        return None
    kind = incoming.kind
    if kind == "application/json" or kind.endswith("+json"):
        return read_json(incoming.body)
    if kind == hooks.FORM:
        return _form(incoming.body)
    if kind.startswith("text/"):
        return _text(incoming.body, incoming.headers["content-type"].partition(";")[2])
    raise HTTPException(415, f"a body of the type `{kind[:80]}` is not taken here: send JSON, a form, or text")


def _form(body: bytes) -> dict[str, str | list[str]]:
    try:
        return _joined(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"))
    except ValueError:
        raise HTTPException(400, f"the body is not a form in UTF-8 of at most {_MOST_FIELDS} fields") from None


def _text(body: bytes, parameters: str) -> str:
    charset = "utf-8" if "charset" not in parameters else parameters.partition("charset=")[2].split(";")[0].strip(' "')
    if charset.lower() not in {"utf-8", "us-ascii", "iso-8859-1"}:
        raise HTTPException(415, "a text is sent in UTF-8")
    try:
        text = body.decode(charset)
    except UnicodeDecodeError:
        raise HTTPException(400, f"the text is not {charset[:20]}") from None
    if "\0" in text:
        raise HTTPException(400, "the text holds a NUL")
    return text


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str | list[str]]:
    """A name that stands once has its value, one that stands more often a list of them."""
    found: dict[str, str | list[str]] = {}
    for name, value in pairs:
        before = found.get(name)
        if before is None:
            found[name] = value
        else:
            found[name] = [*before, value] if isinstance(before, list) else [before, value]
    return found
