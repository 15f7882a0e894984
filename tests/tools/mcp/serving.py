"""A real MCP server of the official package, for tests: over stdio (`python serving.py LOG TOOLS`) or over HTTP.

TOOLS is a JSON file of definitions, read at every listing, so that a test can change them behind our back. LOG gets a line
for every call that reached it.
"""

import asyncio
import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

ECHO = {"name": "echo", "description": "Says it again.", "hints": {"readOnlyHint": True}}
PAY = {"name": "pay", "description": "Pays a bill.", "properties": {"amount": {"type": "integer"}}}
TOOLS = [
    ECHO,
    PAY,
    {"name": "structured", "hints": {"readOnlyHint": True}},
    {"name": "picture", "hints": {"readOnlyHint": True}},
    {"name": "fail", "hints": {"readOnlyHint": True}},
    {"name": "huge", "hints": {"readOnlyHint": True}},
    {"name": "hang"},
    {"name": "crash"},
    {"name": "environment", "hints": {"readOnlyHint": True}},
]


def server(log: Path, tools: Path) -> Any:
    import mcp_types as types
    from mcp.server.lowlevel import Server

    async def list_tools(ctx: Any, params: Any) -> Any:
        return types.ListToolsResult(tools=[_tool(each) for each in json.loads(tools.read_text())])  # noqa: ASYNC240  it is small

    async def call_tool(ctx: Any, params: Any) -> Any:
        given = params.arguments or {}
        with log.open("a") as file:
            file.write(json.dumps([params.name, given]) + "\n")
        return await _answer(params.name, given)

    return Server("tests", version="1", on_list_tools=list_tools, on_call_tool=call_tool)


def _tool(said: dict[str, Any]) -> Any:
    import mcp_types as types

    return types.Tool(
        name=said["name"],
        description=said.get("description", "A tool."),
        input_schema={"type": "object", "properties": said.get("properties", {})},
        annotations=types.ToolAnnotations.model_validate(said.get("hints", {})),
    )


async def _answer(name: str, given: dict[str, Any]) -> Any:
    import mcp_types as types

    def text(said: str, **more: Any) -> Any:
        return types.CallToolResult(content=[types.TextContent(type="text", text=said)], **more)

    if name == "hang":
        await asyncio.sleep(60)
    if name == "crash":
        os._exit(3)
    if name == "structured":
        return text('{"n": 1}', structured_content={"n": 1})
    if name == "picture":
        image = types.ImageContent(type="image", data="aGFsbG8=", mime_type="image/png")
        link = types.ResourceLink(type="resource_link", uri="https://a.example.com/x", name="x")
        return types.CallToolResult(content=[types.TextContent(type="text", text="Here."), image, link])
    if name == "fail":
        return text("no such ticket", is_error=True)
    if name == "huge":
        return text("x" * given.get("size", 20_000_000))
    if name == "environment":
        return text(json.dumps(dict(os.environ)))
    return text(json.dumps(given))


@contextlib.contextmanager
def over_http(log: Path, tools: Path, *, key: str = "", json_response: bool = False) -> Generator[str]:
    """The URL of a server on a thread of its own. `key`: what it wants as a bearer token."""
    import uvicorn
    from mcp.server.transport_security import TransportSecuritySettings

    off = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app = server(log, tools).streamable_http_app(json_response=json_response, transport_security=off)

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        said = dict(scope.get("headers", ())).get(b"authorization", b"").decode()
        if scope["type"] == "http" and key and said != f"Bearer {key}":
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await app(scope, receive, send)

    running = uvicorn.Server(uvicorn.Config(guarded, port=0, log_level="error", lifespan="on"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    port = running.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        running.should_exit = running.force_exit = True
        thread.join(5)


async def main(log: Path, tools: Path) -> None:
    from mcp.server.stdio import stdio_server

    print("ready", os.environ.get("TOKEN", ""), file=sys.stderr, flush=True)  # noqa: T201  what the log is given
    made = server(log, tools)
    async with stdio_server() as (read, write):
        await made.run(read, write, made.create_initialization_options())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
