"""Streamable HTTP: a door for each tenant, opened when somebody of it first comes, so that no session is seen by another."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings

from tenuto.mcp.offering import Asker
from tenuto.mcp.serving import Serving
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused

IDLE: Final = 900.0  # seconds after which a session that nobody uses is forgotten
MOST: Final = 500  # sessions of one tenant
LARGEST: Final = 1024 * 1024  # bytes of a request
# The API has looked at `Host` and `Origin` of every request before it comes here.
_LOOKED_AT: Final = TransportSecuritySettings(enable_dns_rebinding_protection=False)
_ASKER: Final = "tenuto.asker"


@dataclass(slots=True)
class Door:
    serving: Serving
    manager: StreamableHTTPSessionManager
    task: "asyncio.Task[None]"
    open: asyncio.Event


class Doors:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._doors: dict[str, Door] = {}
        self._over = asyncio.Event()

    async def handle(self, scope: Any, receive: Any, send: Any, who: Principal, stage: str | None) -> None:
        """Answer one request of somebody who was proven."""
        door = self._door(who.tenant)
        await door.open.wait()
        self._refuse_too_many(scope, door)
        scope[_ASKER] = Asker(who, stage)
        # A session belongs to the credential that began it: another one's id is nobody's.
        owner = f"{who.kind}:{who.id}"
        scope["user"] = AuthenticatedUser(AccessToken(token="", client_id=owner, scopes=[]))
        await door.manager.handle_request(scope, receive, send)

    async def aclose(self) -> None:
        self._over.set()
        for door in self._doors.values():
            door.serving.close()
        await asyncio.gather(*(door.task for door in self._doors.values()), return_exceptions=True)
        self._doors.clear()

    def _door(self, tenant: str) -> Door:
        door = self._doors.get(tenant)
        if door is None or door.task.done():
            serving = Serving(self._platform, tenant, _asker_of)
            manager = StreamableHTTPSessionManager(
                serving.server,
                security_settings=_LOOKED_AT,
                session_idle_timeout=IDLE,
                max_request_body_size=LARGEST,
            )
            opened = asyncio.Event()
            door = Door(serving, manager, asyncio.create_task(self._hold(serving, manager, opened)), opened)
            self._doors[tenant] = door
        return door

    async def _hold(self, serving: Serving, manager: StreamableHTTPSessionManager, opened: asyncio.Event) -> None:
        watching = asyncio.create_task(serving.watch())
        try:
            async with manager.run():
                opened.set()
                await self._over.wait()
        finally:
            watching.cancel()

    def _refuse_too_many(self, scope: Any, door: Door) -> None:
        begins = not any(name == b"mcp-session-id" for name, _ in scope["headers"])
        kept: dict[str, Any] = door.manager._server_instances  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  it counts nowhere else
        if begins and len(kept) >= MOST:
            raise Refused("quota", f"{MOST} MCP sessions are open", "close those that are not used")


def _asker_of(ctx: Any) -> Asker:
    return ctx.request.scope[_ASKER]
