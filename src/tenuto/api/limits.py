"""Counting requests against the limits: `api.access` calls `spend` for everybody it lets in.

The class of a route follows from its method, unless it says `openapi_extra=limited("start")`. Routes where people prove
who they are have `dependencies=[STRICT]`.
"""

from typing import Any, Final, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from tenuto.api.platform import platform_of
from tenuto.ports.limits import Verdict
from tenuto.service.limits import RouteClass
from tenuto.service.principal import Principal

_KEY: Final = "x-limit"


def limited(kind: RouteClass) -> dict[str, Any]:
    """For `openapi_extra=` of a route."""
    return {_KEY: kind}


def spend(connection: HTTPConnection, who: Principal) -> None:
    """Count this request; raises `Limited`."""
    note(connection, platform_of(connection).turnstile.asker(who, _class(connection)))


def _strict(connection: HTTPConnection) -> None:
    note(connection, platform_of(connection).turnstile.login(address_of(connection)))


STRICT: Final = Depends(_strict)


def address_of(connection: HTTPConnection) -> str:
    return connection.scope["client"][0] if connection.scope.get("client") else "local"


def note(connection: HTTPConnection, verdict: Verdict | None) -> None:
    """For the headers of the answer."""
    if verdict is not None:
        connection.scope["state"]["verdict"] = verdict


def _class(connection: HTTPConnection) -> RouteClass:
    extra: dict[str, Any] = getattr(connection.scope.get("route"), "openapi_extra", None) or {}
    if _KEY in extra:
        return cast("RouteClass", extra[_KEY])
    return "read" if connection.scope.get("method", "GET") in {"GET", "HEAD"} else "write"
