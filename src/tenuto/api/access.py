"""Who may: each route says it in the type of a parameter, and nowhere else.

    async def start(who: Annotated[Principal, Can("runs:write")], ...)   # this permission
    async def me(who: Annotated[Principal, Known()], ...)                # any valid credential
    @router.get("/health/live", dependencies=[PUBLIC])                   # everybody; there are few of these
    @declares("runs:read")                                               # it asks `principal_of` itself: WebSockets, plain routes

A test finds each route that says nothing. What a route says hangs on the route, never on how its path reads. A credential
is proven before the body is read, and is never looked for in the URL.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar, cast

from fastapi import Depends
from fastapi.dependencies.models import Dependant
from fastapi.openapi.models import APIKey, HTTPBearer
from fastapi.openapi.models import SecurityBase as Scheme
from fastapi.params import Security
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from tenuto.api.limits import address_of, spend
from tenuto.api.platform import platform_of
from tenuto.service.gate import HOW, Attempt
from tenuto.service.permissions import PERMISSIONS
from tenuto.service.principal import EVERYTHING, Principal
from tenuto.service.refusals import Refused

EVERYBODY: Final = "everybody"
ANY_CREDENTIAL: Final = "any credential"
_CREDENTIALS: Final = frozenset({b"authorization", b"x-api-key"})
_TENANT: Final = b"x-tenant-id"

_DECLARED: Final = "__tenuto_permission__"
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class _Shown(SecurityBase):
    """A line under `security` in OpenAPI; it checks nothing."""

    def __init__(self, scheme_name: str, model: Scheme) -> None:
        self.scheme_name = scheme_name
        self.model = model

    async def __call__(self) -> None:
        return


_BEARER: Final = _Shown("bearer", HTTPBearer(description="An administrator token, an access token, or an API key."))
_KEY: Final = _Shown("key", APIKey.model_validate({"in": "header", "name": "X-API-Key", "description": "An API key."}))


@dataclass(slots=True, frozen=True)
class Admission:
    """What a route asks of who comes. As a dependency it gives the `Principal`. `refusal`: what a 401 says, where clients
    look for its words."""

    permission: str
    refusal: str = ""

    async def __call__(
        self,
        connection: HTTPConnection,
        _bearer: Annotated[None, Security(_BEARER)],
        _key: Annotated[None, Security(_KEY)],
    ) -> Principal:
        return await self.admit(connection)

    async def admit(self, connection: HTTPConnection) -> Principal:
        try:
            who = await principal_of(connection)
        except Refused as refused:
            if self.refusal and refused.code == "unauthenticated":
                raise Refused(refused.code, self.refusal) from None
            raise
        if self.permission != ANY_CREDENTIAL and not who.may(self.permission):
            await _report(connection, "access.forbidden", self.permission, who)
            who.needs(self.permission)
        return who


def Can(permission: str, *, refusal: str = "") -> Any:  # noqa: N802  it reads as a type, beside the parameter that it types
    """Whoever holds the permission."""
    if permission not in PERMISSIONS and permission != EVERYTHING:
        raise ValueError(f"there is no permission `{permission}`: tenuto/service/permissions.py lists them")
    return Depends(Admission(permission, refusal))


def Known() -> Any:  # noqa: N802  as above
    """Whoever has a valid credential."""
    return Depends(Admission(ANY_CREDENTIAL))


async def open_to_everybody() -> None:
    """Nothing is asked."""


PUBLIC: Final = Depends(open_to_everybody)


def declares(permission: str) -> Callable[[Endpoint], Endpoint]:
    """For an endpoint that proves by itself, with `principal_of` and `needs`, that who comes holds the permission."""
    if permission not in PERMISSIONS and permission not in {EVERYBODY, ANY_CREDENTIAL}:
        raise ValueError(f"there is no permission `{permission}`: tenuto/service/permissions.py lists them")

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _DECLARED, permission)
        return endpoint

    return mark


async def principal_of(connection: HTTPConnection) -> Principal:
    """Who comes, proven once a request."""
    state = cast("dict[str, Any]", connection.scope.setdefault("state", {}))
    if "principal" not in state:
        state["principal"] = await _identify(connection)
    return state["principal"]


async def principal_in(connection: HTTPConnection, tenant: str) -> Principal:
    """As `principal_of`, where the path says in which tenant it acts."""
    return await _identify(connection, tenant)


async def admitted_still(connection: HTTPConnection, permission: str) -> bool:
    """Whether who came with a connection that lasts may still: a credential expires, or is revoked."""
    try:
        credential, tenant = _told(connection)
        who = await platform_of(connection).gate.identify(credential or "", tenant)
    except Refused:
        return False
    return who.may(permission)


def admissions_of(dependant: Dependant) -> list[Admission]:
    """What a route asks. Its router asks it before the body is read: whoever may not send one shall not have it parsed."""
    return [each.call for each in _dependencies(dependant) if isinstance(each.call, Admission)]


def queries_of(dependant: Dependant) -> list[str]:
    """The parameters of the query that a route takes."""
    return [field.alias for each in (dependant, *_dependencies(dependant)) for field in each.query_params]


def permission_of(route: Any) -> str | None:
    """What a route, or a context of one, asks: a permission, `any credential`, `everybody`; None if it does not say."""
    declared = getattr(getattr(route, "endpoint", None), _DECLARED, None)
    if declared is not None:
        return str(declared)
    dependant = getattr(route, "dependant", None)
    calls = [each.call for each in _dependencies(dependant)] if dependant is not None else []
    asked = [call.permission for call in calls if isinstance(call, Admission)]
    if asked:
        return next((permission for permission in asked if permission != ANY_CREDENTIAL), ANY_CREDENTIAL)
    return EVERYBODY if open_to_everybody in calls else None


def _dependencies(dependant: Dependant) -> Iterator[Dependant]:
    for each in dependant.dependencies:
        yield each
        yield from _dependencies(each)


async def _identify(connection: HTTPConnection, tenant: str | None = None) -> Principal:
    credential, named = _told(connection)
    if credential is None:
        await _report(connection, "access.anonymous", "no credential")
        raise Refused("unauthenticated", "this needs a credential", HOW)
    try:
        who = await platform_of(connection).gate.identify(credential, tenant or named)
    except Refused as refused:
        await _report(connection, "access.refused", refused.code)
        raise
    spend(connection, who)
    return who


def credential_of(connection: HTTPConnection) -> str | None:
    return _told(connection)[0]


def _told(connection: HTTPConnection) -> tuple[str | None, str | None]:
    """The credential and the tenant that are sent. Two different ones are refused: somebody in between might have judged
    the other. In one look at the headers, because every request pays for it.
    """
    credential = tenant = None
    for name, value in connection.scope["headers"]:
        if name in _CREDENTIALS:
            found = value.decode("latin-1")
            found = _bearer(found) if name == b"authorization" else found.strip()
            if credential is not None and credential != found:
                raise Refused(
                    "malformed", "more than one credential is sent", "send one of Authorization and X-API-Key"
                )
            credential = found
        elif name == _TENANT:
            if tenant is not None:
                raise Refused("malformed", "X-Tenant-Id is given twice", "name one tenant")
            tenant = value.decode("latin-1")
    return credential, tenant


def _bearer(value: str) -> str:
    scheme, _, token = value.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _report(connection: HTTPConnection, act: str, why: str, who: Principal | None = None) -> None:
    where = f"{connection.scope.get('method', 'WS')} {connection.scope['path'][:200]}"
    await platform_of(connection).gate.report(Attempt(act, why, who, where, address_of(connection)))
