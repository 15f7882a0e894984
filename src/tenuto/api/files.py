"""`/v1/files`: content that runs are given and what they made of it, by opaque ids that hold in one tenant alone."""

import re
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import Query, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from tenuto.api.access import Can
from tenuto.api.downloads import Download
from tenuto.api.errors import problems
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.run_shapes import FileShown
from tenuto.api.tickets import door_of
from tenuto.ports.files import NoSuchFile
from tenuto.service.file_names import LONGEST, plain_name
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused

Reader = Annotated[Principal, Can("files:read")]
Writer = Annotated[Principal, Can("files:write")]

ANY_TYPE: Final = "application/octet-stream"
_MULTIPART: Final = "multipart/form-data"
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,99}/[a-z0-9][a-z0-9!#$&^_.+-]{0,99}")
_CONTENT: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The content itself under any content type, or a form with one file.",
        "content": {
            ANY_TYPE: _CONTENT,
            _MULTIPART: {"schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}},
        },
    }
}
# However it is looked at, it does nothing: it is saved, never shown, and (as of every answer) no type is guessed.
_INERT: Final = {"Content-Security-Policy": "sandbox; default-src 'none'"}

router = Router(prefix="/v1/files", tags=["files"])


@router.post(
    "", status_code=201, response_model=FileShown, summary="Upload a file", openapi_extra=_BODY, responses=problems(415)
)
async def upload(
    who: Writer,
    platform: ThePlatform,
    request: Request,
    name: Annotated[str | None, Query(max_length=LONGEST, description="How it is called.")] = None,
) -> dict[str, Any]:
    """What this answers goes into the input of a run as it is. It is kept while a run refers to it, and for a week."""
    content, named, kind = await _given(request)
    return await platform.files.save(
        content, name=plain_name(name or named), media_type=_type(kind), tenant=who.tenant, run=""
    )


@router.get(
    "/{id}",
    summary="Download a file",
    response_class=Response,
    responses={200: {"content": {ANY_TYPE: _CONTENT}}} | problems(404),
)
async def download(id: str, who: Reader, platform: ThePlatform, request: Request) -> Response:  # noqa: A002  the word for it in every layer
    """Always to be saved, never to be shown."""
    left = door_of(request).download(who)
    try:
        file = await platform.files.open(id, tenant=who.tenant)
    except NoSuchFile:
        left()
        raise Refused("not_found", "there is no such file") from None
    except BaseException:
        left()
        raise
    kind = _type(file.media_type)  # as a header, since the frame would add a charset to what it takes for text
    headers = {**_INERT, "Content-Type": kind, "Content-Disposition": disposition(file.name)}
    return Download(file.content, headers, left)


def disposition(name: str) -> str:
    """The name for old readers in plain ASCII, and as RFC 5987 has it."""
    name = plain_name(name)
    plain = "".join(sign if sign.isascii() and sign not in '"\\%;' else "_" for sign in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


async def _given(request: Request) -> tuple[bytes, str, str]:
    """Content, name and media type."""
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != _MULTIPART:
        return await request.body(), "file", kind
    async with request.form(max_files=1, max_fields=8) as form:
        file = next((part for part in form.values() if isinstance(part, UploadFile)), None)
        if file is None:
            raise Refused("invalid", "the form holds no file", "send one part with a file name")
        return await file.read(), file.filename or "file", file.content_type or ""


def _type(said: str) -> str:
    """Parameters are left out: nothing here depends on them, and they may hold anything."""
    kind = said.partition(";")[0].strip().lower()
    return kind if _MEDIA_TYPE.fullmatch(kind) else ANY_TYPE
