"""`/auth` and `/me`: a password against tokens, new tokens for old, and an end to them; and who one is."""

from typing import Annotated, Any, Final

from fastapi import Body, Response
from fastapi.requests import Request
from pydantic import BaseModel, ConfigDict, Field

from tenuto.api.access import PUBLIC, Known, principal_of
from tenuto.api.errors import problems
from tenuto.api.limits import STRICT, address_of
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.service.login import Tickets, over
from tenuto.service.permissions import expand
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused

COOKIE: Final = "tenuto_refresh"
_PATH: Final = "/auth"

router = Router(tags=["auth"])


class Credentials(BaseModel):
    """`cookie`: keep the refresh token in a cookie that only `/auth` is sent, instead of in the answer."""

    model_config = ConfigDict(extra="forbid")

    login: Annotated[str, Field(max_length=1_000, examples=["ada@example.com"])]
    password: Annotated[str, Field(max_length=5_000, examples=["correct horse battery staple"])]
    tenant: Annotated[str | None, Field(max_length=200, description="Where to act first.")] = None
    cookie: bool = False


class RefreshToken(BaseModel):
    """Left out where it comes in the cookie."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: Annotated[str | None, Field(max_length=200)] = None


class TokenPair(BaseModel):
    """`access_token` goes into `Authorization: Bearer …`. `refresh_token` is good once: it fetches the next pair."""

    access_token: str
    token_type: Annotated[str, Field(examples=["bearer"])] = "bearer"  # noqa: S105  the word of RFC 6750
    expires_in: Annotated[int, Field(description="Seconds.", examples=[900])]
    refresh_token: Annotated[str | None, Field(description="Null where it is in the cookie.")] = None
    user: str
    tenant: str


class NewPassword(BaseModel):
    model_config = ConfigDict(extra="forbid")

    old: Annotated[str, Field(max_length=5_000)]
    new: Annotated[str, Field(max_length=5_000, description="8 characters at least, 1,024 bytes at most.")]


class Me(BaseModel):
    """`permissions`: what may be done in this tenant, by its single names. `tenants`: where one may act."""

    kind: Annotated[str, Field(examples=["user"])]
    id: str
    name: str
    tenant: str
    permissions: list[str]
    tenants: list[str]


@router.post(
    "/auth/login",
    summary="Log in",
    dependencies=[PUBLIC, STRICT],
    responses=problems(400, 404),
)
async def login(body: Credentials, platform: ThePlatform, request: Request, response: Response) -> TokenPair:
    """Whatever is wrong with login or password, the answer is the same; after ten failures it is 429 for a while."""
    begin = platform.identity.login.login
    tickets = await begin(body.login, body.password, tenant=body.tenant, client=address_of(request))
    return _pair(response, request, tickets, in_cookie=body.cookie)


@router.post("/auth/refresh", summary="New tokens for old", dependencies=[PUBLIC, STRICT])
async def refresh(
    platform: ThePlatform, request: Request, response: Response, body: Annotated[RefreshToken | None, Body()] = None
) -> TokenPair:
    """A refresh token that is shown a second time ends its session: one of the two who had it was a thief."""
    token, in_cookie = _shown(request, body)
    if token is None:
        raise over()
    return _pair(response, request, await platform.identity.login.refresh(token), in_cookie=in_cookie)


@router.post("/auth/logout", status_code=204, summary="Log out", dependencies=[PUBLIC, STRICT])
async def logout(
    platform: ThePlatform, request: Request, response: Response, body: Annotated[RefreshToken | None, Body()] = None
) -> None:
    """Ends the session of the access token, or of the refresh token. Neither is taken any more, here or elsewhere."""
    token, _ = _shown(request, body)
    who = await _bearer_of(request)
    if who is None and token is None:
        raise over()
    await platform.identity.login.logout(who, token)
    response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="strict", secure=_secure(request))


@router.post("/auth/password", status_code=204, summary="Change one's password", dependencies=[STRICT])
async def change_password(who: Annotated[Principal, Known()], body: NewPassword, platform: ThePlatform) -> None:
    """It ends all sessions, this one too."""
    await platform.identity.login.change_password(who, body.old, body.new)


@router.get("/me", summary="Who one is")
async def me(who: Annotated[Principal, Known()], platform: ThePlatform) -> Me:
    """What the credential is, and what it may do in the tenant of the request."""
    tenants = [who.tenant]
    if who.kind == "user":
        async with platform.store.read() as tx:
            tenants = [one.tenant for one in await tx.memberships.of_user(who.id)]
    return Me(
        kind=who.kind,
        id=who.id,
        name=who.name,
        tenant=who.tenant,
        permissions=sorted(expand(who.permissions)),
        tenants=tenants,
    )


def _pair(response: Response, request: Request, tickets: Tickets, *, in_cookie: bool) -> TokenPair:
    response.headers["Cache-Control"] = "no-store"
    if in_cookie:
        options: dict[str, Any] = {"path": _PATH, "httponly": True, "samesite": "strict", "secure": _secure(request)}
        response.set_cookie(COOKIE, tickets.refresh, max_age=int(tickets.refresh_lasts), **options)
    return TokenPair(
        access_token=tickets.access,
        expires_in=tickets.access_lasts,
        refresh_token=None if in_cookie else tickets.refresh,
        user=tickets.user.id,
        tenant=tickets.tenant,
    )


def _shown(request: Request, body: RefreshToken | None) -> tuple[str | None, bool]:
    """The refresh token, and whether it came in the cookie. A cookie counts only from a page of ours."""
    if body is not None and body.refresh_token:
        return body.refresh_token, False
    cookie = request.cookies.get(COOKIE)
    if cookie and not _from_here(request):
        raise Refused("forbidden", "the cookie is for pages of this server", "send the refresh token in the body")
    return cookie, True


def _from_here(request: Request) -> bool:
    """A browser says whence a request comes; the cookie is `SameSite=Strict` besides."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    return site in {None, "same-origin"} and origin in {None, f"{request.url.scheme}://{request.headers.get('host')}"}


def _secure(request: Request) -> bool:
    return request.url.scheme == "https"


async def _bearer_of(request: Request) -> Principal | None:
    """Who asks, where that can be told: with an access token that has expired one may still log out by the other."""
    if "authorization" not in request.headers:
        return None
    try:
        return await principal_of(request)
    except Refused:
        return None
