"""Connections to MCP servers, one for each server, tenant and stage that asks: `ports.mcp`."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from tenuto.ports.mcp import McpAnswer, McpServer, McpTool, Place
from tenuto.ports.secrets import BoundSecret, Secrets
from tenuto.sdk.errors import NodeError
from tenuto.sdk.http.addresses import Network, Policy
from tenuto.sdk.http.client import for_host
from tenuto.sdk.http.urls import parse_url
from tenuto.service.redaction import Redactor
from tenuto.tools.mcp.connection import Connection

if TYPE_CHECKING:
    from mcp.client import Client

Key = tuple[str, str, str]  # server, tenant, stage

_log = logging.getLogger("tenuto.mcp")
_SILENT = logging.CRITICAL + 1


class Connections:
    """`hosts`: names with their ports that the installation's own settings trust, wherever they are."""

    def __init__(
        self, secrets: Secrets, allow: Iterable[Network] = (), *, hosts: Iterable[tuple[str, int]] = ()
    ) -> None:
        self._secrets = secrets
        self._guard = Policy(allow)
        self._hosts = frozenset(hosts)
        self._trusting = Policy(allow, hosts=self._hosts)
        self._kept: dict[Key, Connection] = {}

    async def tools(self, server: McpServer, place: Place, *, fresh: bool = False) -> Sequence[McpTool]:
        return await (await self._connection(server, place)).tools(fresh=fresh)

    async def call(
        self,
        server: McpServer,
        place: Place,
        tool: str,
        arguments: Mapping[str, Any],
        *,
        timeout: float,  # noqa: ASYNC109  the library's own limit, which tells the server as well
    ) -> McpAnswer:
        connection = await self._connection(server, place)
        answer = await connection.call(tool, arguments, timeout)
        redactor = connection.redactor
        if not redactor:
            return answer
        return McpAnswer(
            redactor.text(answer.text), redactor.value(answer.data), answer.blobs, answer.links, failed=answer.failed
        )

    async def forget(self, name: str, tenant: str | None = None) -> None:
        gone = [key for key in self._kept if key[0] == name and tenant in {None, key[1]}]
        await asyncio.gather(*(self._kept.pop(key).aclose() for key in gone))

    def troubles(self) -> Mapping[str, str]:
        return {key[0]: connection.trouble for key, connection in self._kept.items() if connection.trouble}

    async def aclose(self) -> None:
        kept, self._kept = self._kept, {}
        await asyncio.gather(*(connection.aclose() for connection in kept.values()))

    async def _connection(self, server: McpServer, place: Place) -> Connection:
        key = (server.name, place.tenant, place.stage)
        kept = self._kept.get(key)
        if kept is not None and kept.server != server:  # it was registered anew
            del self._kept[key]
            await kept.aclose()
            kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = Connection(server, self._opener(server, place, key))
        return kept

    def _opener(self, server: McpServer, place: Place, key: Key) -> Any:
        async def opened(stack: AsyncExitStack, redactor: Redactor, gone: Callable[[], None]) -> "Client":
            try:
                from mcp.client import Client
            except ImportError:
                raise NodeError(_INSTALL, type="tool", retry=False) from None

            logging.getLogger("mcp.client").setLevel(_SILENT)  # what it has to say is said by us, without a traceback
            transport = await self._transport(server, place, stack, redactor, gone)

            async def heard(message: Any) -> None:
                if getattr(message, "method", "") == "notifications/tools/list_changed":
                    self._kept[key].stale()

            client = Client(
                transport,
                read_timeout_seconds=server.timeout,
                message_handler=heard,
                client_info=_who(),
                cache=None,
            )
            entered = await stack.enter_async_context(client)
            # The library would fetch what an output schema refers to, wherever that is, and take as long as its patterns
            # take. What is answered is held against what was approved by whoever calls.
            setattr(entered.session, "validate_tool_result", _taken)  # noqa: B010  it is a method
            return entered

        return opened

    async def _transport(
        self,
        server: McpServer,
        place: Place,
        stack: AsyncExitStack,
        redactor: Redactor,
        gone: Callable[[], None],
    ) -> Any:
        if server.command:
            from tenuto.tools.mcp.stdio import running

            secrets = {name: await self._secret(secret, place, redactor) for name, secret in server.secrets.items()}
            return running(
                server.command,
                {**server.env, **secrets},
                lambda line: _log.info("MCP server %s: %s", server.name, redactor.text(line)),
                gone,
            )
        from mcp.client.streamable_http import streamable_http_client

        from tenuto.tools.mcp.http import make_client

        target = parse_url(server.url)
        headers = {**server.headers, **await self._proof(server, place, redactor, target.host)}
        policy = self._trusting if (target.host, target.port) in self._hosts else self._guard
        client = await stack.enter_async_context(
            make_client(policy, headers, server.timeout, self._kept[(server.name, place.tenant, place.stage)].refused)
        )
        return streamable_http_client(server.url, http_client=client)

    async def _proof(self, server: McpServer, place: Place, redactor: Redactor, host: str) -> dict[str, str]:
        if not server.secret:
            return {}
        value = await self._secret(server.secret, place, redactor)
        if isinstance(value, BoundSecret) and not for_host(host, value.hosts):
            said = f"the secret `{server.secret}` may be sent to {', '.join(value.hosts)} alone"
            raise NodeError(said, type="permission", retry=False)
        return {server.header: f"{server.scheme} {value}".strip()}

    async def _secret(self, name: str, place: Place, redactor: Redactor) -> str:
        try:
            value = await self._secrets.get(name, tenant=place.tenant, stage=place.stage)
        except KeyError as error:
            raise NodeError(str(error.args[0]), type="secret", retry=False) from None
        redactor.add(name, value)
        return value


_INSTALL = "MCP servers need the extra `mcp`: pip install 'tenuto[mcp]'"


async def _taken(name: str, result: Any) -> None:
    del name, result


def _who() -> Any:
    from mcp_types import Implementation

    from tenuto import __version__

    return Implementation(name="tenuto", version=__version__)
