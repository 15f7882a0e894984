"""One connection to one server, kept as long as it is used, made again when it broke, with a pause that grows.

A task of its own owns it, because the library wants whoever opens a session to close it. Calls are made from anywhere.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from tenuto.ports.mcp import McpAnswer, McpServer, McpTool, Unreachable
from tenuto.sdk.errors import NodeError
from tenuto.service.redaction import Redactor
from tenuto.tools.mcp.failing import said_of

if TYPE_CHECKING:
    from mcp.client import Client

IDLE: Final = 600.0  # seconds after which a connection that nobody uses is closed
FRESH: Final = 60.0  # seconds for which a list of tools holds, unless the server says that it changed
PAUSES: Final = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds after so many failures in a row
CONNECTING: Final = 20.0  # seconds
LINGERING: Final = 0.25  # seconds in which what a server has said before it left is still heard
HANGS: Final = 2  # calls in a row that were not answered in time: then it is made again
MOST_PAGES: Final = 20

Open = Callable[[AsyncExitStack, Redactor, Callable[[], None]], Awaitable["Client"]]

_log = logging.getLogger("tenuto.mcp")
_log.addHandler(logging.NullHandler())  # a command says itself what is wrong; a server has a log


class Connection:
    """`open`: enters a session on the stack that it is given, tells the redactor the secrets that it used, and calls what
    it is given as soon as it sees that the server is gone."""

    def __init__(self, server: McpServer, open: Open) -> None:  # noqa: A002  it is what it does
        self.server = server
        self.redactor = Redactor()
        self.trouble = ""
        self._open = open
        self._task: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[Client] | None = None
        self._over = asyncio.Event()
        self._failures = 0
        self._next = 0.0
        self._used = time.monotonic()
        self._calls = 0
        self._hung = 0
        self._tools: Sequence[McpTool] = ()
        self._listed = -FRESH
        self._said: set[str] = set()
        self._status, self._why = 0, ""  # the last one that was no success, and what it meant

    # --- what it is asked

    async def tools(self, *, fresh: bool = False) -> Sequence[McpTool]:
        if fresh or time.monotonic() - self._listed >= FRESH or self._task is None or self._task.done():
            async with asyncio.timeout(CONNECTING + self.server.timeout):
                self._tools = await self._asked(self._list)
            self._listed = time.monotonic()
        return self._tools

    async def call(self, tool: str, arguments: Mapping[str, Any], limit: float) -> McpAnswer:
        from tenuto.tools.mcp.reading import answer_of

        async def made(client: "Client") -> McpAnswer:
            return answer_of(await client.call_tool(tool, dict(arguments), limit))

        return await self._asked(made, once=True)

    def stale(self) -> None:
        """The server says that its tools have changed."""
        self._listed = -FRESH

    def refused(self, status: int, why: str) -> None:
        """The server has answered a request with a status that is no success."""
        self._status, self._why = status, why

    async def aclose(self) -> None:
        self._over.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    # --- inside

    async def _list(self, client: "Client") -> Sequence[McpTool]:
        from tenuto.tools.mcp.reading import MOST, tools_of

        found: list[Any] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await client.list_tools(cursor=cursor, cache_mode="bypass")
            found.extend(page.tools)
            cursor = page.next_cursor
            if cursor is None or len(found) > MOST:
                break
        if cursor is not None or len(found) > MOST:
            self._say(f"it has more than {MOST} tools, or never comes to their end: the rest is left out")
        return tools_of(found[:MOST], self._say)

    def _say(self, text: str) -> None:
        """Once, however often it lists the same."""
        if text not in self._said:
            self._said.add(text)
            _log.warning("MCP server %s: %s", self.server.name, text)

    async def _asked(self, ask: Callable[["Client"], Awaitable[Any]], *, once: bool = False) -> Any:
        """Asked again at once where the server has only forgotten us: it was begun anew."""
        try:
            return await self._ask(ask, once=once)
        except Unreachable as error:
            if error.begun or error.retry_after is not None:
                raise
            return await self._ask(ask, once=once)

    async def _ask(self, ask: Callable[["Client"], Awaitable[Any]], *, once: bool) -> Any:
        client = await self._client()
        self._calls += 1
        self._status, self._why = 0, ""
        try:
            answer = await ask(client)
        except Exception as error:  # noqa: BLE001  what the library and its transports raise is many things
            raise self._failed(error, begun=once) from None
        finally:
            self._calls -= 1
            self._used = time.monotonic()
        self._hung = 0
        return answer

    def _failed(self, error: Exception, *, begun: bool) -> NodeError:
        from mcp.shared.exceptions import MCPError
        from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT

        code = error.error.code if isinstance(error, MCPError) else None
        said = self.redactor.text((self._why or said_of(error))[:500])
        if code == REQUEST_TIMEOUT:
            self._hung += 1
            if self._hung >= HANGS:
                self._over.set()
            return NodeError(f"the MCP server `{self.server.name}` did not answer in time", type="timeout")
        if (
            self._status >= HTTPStatus.INTERNAL_SERVER_ERROR
        ):  # it, or who stands before it, may have done it all the same
            return Unreachable(f"the MCP server `{self.server.name}` broke off: {said}", begun=begun)
        forgotten = said_of(error) == "Session terminated"
        if code is not None and code != CONNECTION_CLOSED and not forgotten:
            return NodeError(f"the MCP server `{self.server.name}` refused: {said}", type="tool", retry=False)
        if isinstance(error, ValueError | RuntimeError):  # an answer that is none, or does not fit what it declared
            return NodeError(f"the MCP server `{self.server.name}` answered nonsense: {said}", type="tool", retry=False)
        self._over.set()
        return Unreachable(f"the MCP server `{self.server.name}` broke off", begun=begun and not forgotten)

    async def _client(self) -> "Client":
        if self._task is None or self._task.done() or self._over.is_set():
            await self._begin()
        assert self._ready is not None
        return await asyncio.shield(self._ready)

    async def _begin(self) -> None:
        ending = self._task
        if ending is not None and not ending.done():
            await asyncio.wait([ending])
            if self._task is not ending:
                return  # somebody else was quicker
        wait = self._next - time.monotonic()
        if wait > 0:
            said = f"the MCP server `{self.server.name}` cannot be reached: {self.trouble}"
            raise Unreachable(said, retry_after=round(wait, 1))
        self._status, self._why = 0, ""
        self._over = asyncio.Event()
        self._ready = asyncio.get_running_loop().create_future()
        self._ready.add_done_callback(lambda done: done.cancelled() or done.exception())  # seen, if nobody waits
        self._listed = -FRESH
        self._task = asyncio.create_task(self._live(self._ready, self._over))

    async def _live(self, ready: "asyncio.Future[Client]", over: asyncio.Event) -> None:
        """The session, from its opening to its end."""
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(CONNECTING):
                    client = await self._open(stack, self.redactor, over.set)
                self._failures, self.trouble, self._hung = 0, "", 0
                ready.set_result(client)
                hearing = asyncio.create_task(self._hear(client))
                try:
                    await self._wait(over)
                    await self._linger()
                finally:
                    hearing.cancel()
        except Exception as error:  # noqa: BLE001  as above
            self._broke(error, ready)
        finally:
            over.set()
            if not ready.done():
                ready.set_exception(Unreachable(f"the MCP server `{self.server.name}` was closed"))

    async def _hear(self, client: "Client") -> None:
        """Of changes, where the server tells of them on a stream of its own; older ones tell in between."""
        tools = client.server_capabilities.tools
        if tools is None or not tools.list_changed:
            return
        with suppress(Exception):  # then its list is asked for once in a while, as it would be anyway
            async with client.listen(tools_list_changed=True) as changes:
                async for _ in changes:
                    self.stale()

    async def _wait(self, over: asyncio.Event) -> None:
        """Until it is over, or nobody has used it for a while."""
        while not over.is_set():
            left = IDLE - (time.monotonic() - self._used)
            if left <= 0 and not self._calls:
                return
            try:
                await asyncio.wait_for(over.wait(), max(left, 1.0))
            except TimeoutError:
                continue

    async def _linger(self) -> None:
        """A server may answer and leave at once: its answer is on its way to who waits for it. Nobody new is let in."""
        until = time.monotonic() + LINGERING
        while self._calls and time.monotonic() < until:  # noqa: ASYNC110  there are few calls, and it is soon over
            await asyncio.sleep(0.01)

    def _broke(self, error: BaseException, ready: "asyncio.Future[Client]") -> None:
        self.trouble = self.redactor.text(self._why or said_of(error))[:300]
        _log.warning("MCP server %s: %s", self.server.name, self.trouble)
        if ready.done():
            return
        self._failures += 1
        self._next = time.monotonic() + PAUSES[min(self._failures, len(PAUSES) - 1)]
        ready.set_exception(
            error
            if isinstance(error, NodeError)
            else Unreachable(f"the MCP server `{self.server.name}` cannot be reached: {self.trouble}")
        )
