"""Tools: what agents may call, called by a program."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from tenuto.client.shapes import Json, Page, Tool, ToolCall
from tenuto.client.transport import Transport

PATIENCE: Final = 60.0  # seconds; the server answers after thirty, with the run that goes on


class Tools:
    """`client.tools`. A name is whole, such as `mcp:tickets/search` or `node:http.request`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(
        self, *, kind: str = "", q: str = "", stage: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[Tool]:
        """By name. `kind`: only node, flow, agent, http or mcp. `q`: a part of the name."""
        asked: dict[str, Any] = {"kind": kind or None, "q": q or None, "stage": stage, "limit": limit, "cursor": cursor}
        params = {key: value for key, value in asked.items() if value is not None}
        page = await self._transport.json("GET", "/v1/tools", params=params)
        return Page([Tool.of(each) for each in page["items"]], page["next_cursor"])

    async def get(self, name: str, *, stage: str | None = None) -> Tool:
        """With the schema of its arguments. `NotFound` names those that are spelt nearly so."""
        params = {} if stage is None else {"stage": stage}
        return Tool.of(await self._transport.json("GET", _path(name), params=params))

    async def call(
        self, name: str, arguments: Mapping[str, Json] | None = None, *, stage: str | None = None
    ) -> ToolCall:
        """Call it, and wait half a minute for its answer; then its run goes on: `client.runs.wait`.

        Where no answer came, it is not called again: nobody knows what it did.
        """
        body: dict[str, Any] = {"arguments": dict(arguments or {})} | ({} if stage is None else {"stage": stage})
        return ToolCall.of(await self._transport.json("POST", f"{_path(name)}/call", json=body, timeout=PATIENCE))


def _path(name: str) -> str:
    """Colons and slashes stand in it as they are."""
    return f"/v1/tools/{quote(name, safe=':/')}"
