"""Every error is `application/problem+json`: `{type, title, status, code, detail, request_id, problems?}`.

`code` is for programs and never changes; `detail` is for people: what happened, and what to do next. What nobody
expected is a 500 that says nothing of the inside; the log says it under the same request id.
"""

import http
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from tenuto.ports.journal import Closed, Conflict, Damaged, StorageFull
from tenuto.ports.records import BadCursor, Missing, Taken, Unavailable
from tenuto.service.limits import Limited
from tenuto.service.login import TooMany
from tenuto.service.refusals import Invalid, Refused

MEDIA_TYPE: Final = "application/problem+json"

# What each refusal of a use case is in HTTP. A test finds every code in the sources here.
STATUS: Final[Mapping[str, int]] = {
    "malformed": 400,
    "empty": 400,
    "yaml": 400,
    "no_tenant": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "ambiguous": 409,
    "answered": 409,
    "conflict": 409,
    "ended": 409,
    "exists": 409,
    "full": 409,
    "in_use": 409,
    "not_published": 409,
    "paused": 409,
    "running": 409,
    "unreadable": 409,
    "gone": 410,
    "changed": 412,
    "too_large": 413,
    "unsupported_media_type": 415,
    "misdirected": 421,
    "invalid": 422,
    "too_deep": 422,
    "quota": 429,
    "rate_limited": 429,
    "internal": 500,
    "run_failed": 500,
    "insecure": 503,
    "storage_failed": 503,
    "storage_full": 503,
    "storage": 503,
    "stopping": 503,
    "timeout": 503,
    "unreachable": 503,
    "unavailable": 503,
    "loop": 508,
}

# Whose queue is full has room again as soon as one of its runs begins.
_HEADERS: Final[Mapping[str, Mapping[str, str]]] = {
    "unauthenticated": {"WWW-Authenticate": "Bearer"},
    "quota": {"Retry-After": "2"},
}

# Of statuses that the frame itself answers.
_CODES: Final = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    503: "unavailable",
}

# As the rest of us says it; what else pydantic says stands as it is.
_WORDS: Final = {"extra_forbidden": "there is no such field", "missing": "this is needed"}

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

_MEANINGS: Final = {
    400: "The request cannot be read.",
    401: "There is no valid credential.",
    403: "The credential lacks the permission.",
    404: "There is no such thing here.",
    409: "It cannot be done as things stand.",
    405: "This route does not take that method; `Allow` says what it takes.",
    421: "This server does not answer under that name.",
    410: "It was here and is gone.",
    412: "It has changed since; read it again.",
    413: "The body is larger than the limit.",
    415: "The body is of a type that is not taken here.",
    422: "The request does not fit its schema; `problems` lists why.",
    429: "Too many requests; `Retry-After` says when to come back.",
    500: "The run that was to answer did not succeed.",
    503: "The server cannot do this now, for lack of room or because it is stopping.",
    508: "Runs start each other without an end.",
}

# Any route may answer these: a credential, the limits and the disk are everybody's.
USUAL: Final = (400, 401, 403, 413, 422, 429, 503)

_log = logging.getLogger("tenuto.api")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route: the error shapes that it may answer besides the usual ones."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": _MEANINGS[status], "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses
    }


PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong, as RFC 9457 has it.",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "examples": ["urn:tenuto:problem:not_found"]},
        "title": {"type": "string", "examples": ["Not Found"]},
        "status": {"type": "integer", "examples": [404]},
        "code": {"type": "string", "description": "For programs; it never changes.", "examples": ["not_found"]},
        "detail": {"type": "string", "description": "What happened, and what to do next."},
        "request_id": {"type": "string", "description": "Also in the header `X-Request-Id`, and in the log."},
        "problems": {
            "type": "array",
            "description": "Each thing that does not fit.",
            "items": {
                "type": "object",
                "required": ["path", "code", "message"],
                "properties": {
                    "path": {"type": "string", "examples": ["nodes.plan.with.task"]},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "hint": {"type": "string"},
                },
            },
        },
    },
}


def problem(
    request_id: str,
    code: str,
    detail: str,
    *,
    status: int | None = None,
    hint: str = "",
    problems: Sequence[Mapping[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One error as it leaves."""
    status = STATUS.get(code, 409) if status is None else status
    body: dict[str, Any] = {
        "type": f"urn:tenuto:problem:{code}",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": f"{detail}: {hint}" if hint else detail,
        "request_id": request_id,
    }
    if problems is not None:
        body["problems"] = list(problems)
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def request_id_of(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))


def install(app: FastAPI) -> None:
    """Answer every kind of failure. The order does not matter: the most particular type is chosen."""
    for kind, answer in _ANSWERS.items():
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(Exception, _unexpected)


async def answer_to(request: Request, error: Exception) -> Response | None:
    """The answer to a failure that is foreseen; None if it is not."""
    answer = next((_ANSWERS[kind] for kind in type(error).__mro__ if kind in _ANSWERS), None)
    return None if answer is None else await answer(request, error)


def answer_unexpected(request_id: str, error: Exception) -> Response:
    """For the outermost middleware: what came as far as there was foreseen by nobody."""
    _log.error("unexpected", exc_info=error, extra={"request_id": request_id})
    return problem(request_id, "internal", "something went wrong inside; the server's log has more under this id")


async def _unexpected(request: Request, error: Exception) -> Response:
    """The frame raises it again once this has left, so that others can look at it."""
    request.scope["state"]["answered"] = error
    return answer_unexpected(request_id_of(request), error)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    found = [_plain(asdict(each)) for each in error.problems] if isinstance(error, Invalid) else None
    headers = _HEADERS.get(error.code)
    if isinstance(error, Limited):
        request.scope["state"]["verdict"] = error.verdict
        headers = {"Retry-After": str(error.verdict.reset)}
    if isinstance(error, TooMany):
        headers = {"Retry-After": str(error.wait)}
    return problem(request_id_of(request), error.code, str(error), hint=error.hint, problems=found, headers=headers)


async def _misfit(request: Request, error: Exception) -> Response:
    """What pydantic found. What was sent is not sent back: it may be a secret."""
    assert isinstance(error, RequestValidationError)
    found = [
        {
            "path": ".".join(map(str, each["loc"])),
            "code": each["type"],
            "message": _WORDS.get(each["type"], each["msg"]),
        }
        for each in error.errors()
    ]
    said = "; ".join(f"{each['path']}: {each['message']}" for each in found[:3])
    more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
    return problem(request_id_of(request), "invalid", f"the request does not fit: {said}{more}", problems=found)


async def _of_frame(request: Request, error: Exception) -> Response:
    """Unknown routes, wrong methods, bodies that are too large: what the frame itself refuses."""
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "malformed" if error.status_code < 500 else "internal")
    detail = _said(request, error)
    by_frame = error.status_code == 405 and error.detail == http.HTTPStatus(405).phrase  # else a route knows better
    headers = {"Allow": ", ".join(_methods_at(request))} if by_frame else error.headers
    return problem(request_id_of(request), code, detail, status=error.status_code, headers=headers)


def _methods_at(request: Request) -> list[str]:
    """By any of the routes at the path. The frame names those of the first alone."""
    return [method for method in _METHODS if _takes(request, method)]


def _takes(request: Request, method: str) -> bool:
    asked = {**request.scope, "method": method}
    return any(route.matches(asked)[0] is Match.FULL for route in request.app.routes)


def _said(request: Request, error: HTTPException) -> str:
    if error.status_code == 404 and error.detail == http.HTTPStatus.NOT_FOUND.phrase:
        return f"there is nothing at {request.scope['path']}: /docs lists what there is"
    if error.status_code == 405:
        return f"{request.scope['path']} does not take {request.method}: the header `Allow` says what it takes"
    return error.detail


async def _full(request: Request, error: Exception) -> Response:
    return problem(request_id_of(request), "storage_full", str(error), headers={"Retry-After": "5"})


async def _failed(request: Request, error: Exception) -> Response:
    _log.error("storage", exc_info=error, extra={"request_id": request_id_of(request)})
    return problem(request_id_of(request), "storage_failed", "the storage has failed; nothing of this was recorded")


async def _stopping(request: Request, error: Exception) -> Response:
    del error
    said = "the server is stopping; ask again in a moment"
    return problem(request_id_of(request), "stopping", said, headers={"Retry-After": "2"})


async def _conflict(request: Request, error: Exception) -> Response:
    del error
    return problem(request_id_of(request), "conflict", "somebody else changed this at the same time", hint="try again")


async def _taken(request: Request, error: Exception) -> Response:
    return problem(request_id_of(request), "exists", str(error))


async def _missing(request: Request, error: Exception) -> Response:
    return problem(request_id_of(request), "not_found", str(error))


async def _bad_cursor(request: Request, error: Exception) -> Response:
    del error
    said = "this `cursor` was not given by a page of this list"
    return problem(request_id_of(request), "malformed", said, hint="begin again without it")


async def _unavailable(request: Request, error: Exception) -> Response:
    _log.error("store", exc_info=error, extra={"request_id": request_id_of(request)})
    said = "the database does not answer; nothing of this was kept"
    return problem(request_id_of(request), "unavailable", said, headers={"Retry-After": "2"})


_ANSWERS: Final[Mapping[type[Exception], Any]] = {
    Refused: _refused,
    RequestValidationError: _misfit,
    HTTPException: _of_frame,
    StorageFull: _full,
    Damaged: _failed,
    Closed: _stopping,
    Conflict: _conflict,
    Taken: _taken,
    Missing: _missing,
    BadCursor: _bad_cursor,
    Unavailable: _unavailable,
}


def _plain(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value not in {None, ""} or name == "path"}
