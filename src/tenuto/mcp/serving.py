"""The server of the official library, answering from the use cases. One for each tenant."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final
from weakref import WeakSet

import mcp_types as types
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged
from mcp.shared.exceptions import MCPError

from tenuto import __version__
from tenuto.mcp.calling import Said, call, status
from tenuto.mcp.changes import PACE, Stamp, stamp
from tenuto.mcp.offering import RUN_STATUS, SEES_RUNS, Asker, NoSuchTool, offered
from tenuto.ports.records import Unavailable
from tenuto.sdk.agents import Tool
from tenuto.service.platform import Platform
from tenuto.service.refusals import Refused

INSTRUCTIONS: Final = (
    "Flows, agents and nodes of Tenuto. A call is a durable run: it survives restarts, and one that takes long or waits for a"
    " person answers with the id of its run, after which `run_status` asks."
    " An answer of more than 64 kB is a file, of which the beginning is shown: `node_document_read` reads it in parts."
)
PATIENCE: Final = 5.0  # seconds for a client to take a word of ours
LISTENERS: Final = 256  # streams of one tenant that wait for changes

_log = logging.getLogger("tenuto.mcp")

WhoAsks = Callable[[Any], Asker]  # from the context of a request


class Serving:
    """`who`: proven for each request, as for any other of the API; all of them in one tenant."""

    def __init__(self, platform: Platform, tenant: str, who: WhoAsks) -> None:
        self._platform = platform
        self._tenant = tenant
        self._who = who
        self._told: Stamp | None = None  # of what clients were told last; None while nobody would hear of a change
        self._streams = 0
        self._bus = InMemorySubscriptionBus()
        self._listeners = ListenHandler(self._bus, max_subscriptions=LISTENERS)
        self._connections: WeakSet[Any] = WeakSet()  # of clients that were told a list, and hear more without asking
        self.server: Server[Any] = _Server(
            "tenuto",
            version=__version__,
            instructions=INSTRUCTIONS,
            on_list_tools=self._list,
            on_call_tool=self._call,
            on_subscriptions_listen=self._listen,
        )

    async def watch(self) -> None:
        """Tell those who were told a list when it is another one. Until it is cancelled."""
        while True:
            await asyncio.sleep(PACE)
            if not (self._connections or self._streams):
                self._told = None
            elif self._told is not None:
                try:
                    now = await stamp(self._platform.store, self._tenant)
                except Unavailable:
                    continue
                if now != self._told:
                    self._told = now
                    self._platform.flows.published.forget()  # another process may have written
                    await self.changed()

    async def changed(self) -> None:
        """The list of tools is another one."""
        await self._bus.publish(ToolsListChanged())
        await asyncio.gather(*(self._tell(connection) for connection in list(self._connections)))

    async def _tell(self, connection: Any) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await connection.send_tool_list_changed()
        except Exception:  # noqa: BLE001  whoever left, or does not read, is not told
            self._connections.discard(connection)

    def close(self) -> None:
        self._listeners.close()

    async def _seen(self) -> None:
        """Whatever changes from now on is told."""
        if self._told is None:
            self._told = await stamp(self._platform.store, self._tenant)

    async def _listen(self, ctx: Any, params: Any) -> Any:
        self._streams += 1
        try:
            await self._seen()
            return await self._listeners(ctx, params)
        finally:
            self._streams -= 1

    async def _list(self, ctx: Any, params: Any) -> types.ListToolsResult:
        del params
        asker = self._who(ctx)
        connection = ctx.session._connection  # noqa: SLF001  a session is of one request, and nothing else outlives it
        if connection.has_standalone_channel:
            self._connections.add(connection)
        await self._seen()
        try:
            found = await offered(self._platform, asker)
        except Refused as refused:
            raise _error(refused) from None
        tools = [_shown(name, tool) for name, tool in sorted(found.items())]
        return types.ListToolsResult(tools=[*tools, *([_STATUS] if asker.who.may(SEES_RUNS) else [])])

    async def _call(self, ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        asker = self._who(ctx)
        try:
            return _result(await self._said(ctx, asker, params))
        except NoSuchTool as refused:
            raise _error(refused) from None
        except Refused as refused:
            return _result(Said(_sentence(refused), failed=True))
        except Exception:  # noqa: BLE001  whatever it is, it is told in the log and not to a client
            _log.exception("a call of %s failed", params.name)
            raise MCPError(types.INTERNAL_ERROR, "something went wrong; the log of the server says what") from None

    async def _said(self, ctx: Any, asker: Asker, params: types.CallToolRequestParams) -> Said:
        given = params.arguments or {}
        if params.name == RUN_STATUS:
            if not asker.who.may(SEES_RUNS):
                raise NoSuchTool(RUN_STATUS)
            return await status(self._platform, asker, str(given.get("run", "")))
        return await call(self._platform, asker, params.name, given, _teller(ctx))


class _Server(Server[Any]):
    """Tells every client that its list of tools may change."""

    def create_initialization_options(
        self, notification_options: NotificationOptions | None = None, *more: Any, **named: Any
    ) -> InitializationOptions:
        told = notification_options or NotificationOptions(tools_changed=True)
        return super().create_initialization_options(told, *more, **named)


def _teller(ctx: Any) -> Any:
    """Progress for whoever asked to be told of it."""
    token: Any = dict(ctx.meta or {}).get("progress_token")

    async def tell(progress: float, message: str) -> None:
        if token is not None:
            await ctx.session.send_progress_notification(
                token, progress, message=message, related_request_id=ctx.request_id
            )

    return tell


def _shown(name: str, tool: Tool) -> types.Tool:
    hints = types.ToolAnnotations(title=tool.name, idempotent_hint=tool.effects == "idempotent" and not tool.durable)
    schema = dict(tool.parameters) or {"type": "object"}
    return types.Tool(name=name, description=tool.description, input_schema=schema, annotations=hints)


def _result(said: Said) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=said.text)],
        structured_content=None if said.data is None else dict(said.data),
        is_error=said.failed,
    )


def _error(refused: Refused) -> MCPError:
    return MCPError(types.INVALID_PARAMS, _sentence(refused))


def _sentence(refused: Refused) -> str:
    return f"{refused} ({refused.hint})" if refused.hint else str(refused)


_STATUS: Final = types.Tool(
    name=RUN_STATUS,
    description="How a run stands that an earlier call began: its status, and its output once it has ended.",
    input_schema={
        "type": "object",
        "properties": {"run": {"type": "string", "description": "The id that the call answered with."}},
        "required": ["run"],
        "additionalProperties": False,
    },
    annotations=types.ToolAnnotations(read_only_hint=True),
)
