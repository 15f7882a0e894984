"""Tools through the client: found, called; what is large is fetched."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from api.live import listening
from tenuto.api.app import create_app
from tenuto.bootstrap.server import open_server
from tenuto.client import Client, Invalid, NotFound
from tenuto.settings import Settings


@pytest.fixture
async def client(tmp_path: Path) -> AsyncGenerator[Client]:
    settings = Settings(data=tmp_path)
    async with (
        open_server(settings) as server,
        listening(create_app(server.platform, settings)) as url,
        Client(url, server.token) as client,
    ):
        yield client


async def test_tools_are_found_and_called(client: Client):
    """A name that is nearly right is told what it could be; what went wrong in a call is no exception."""
    page = await client.tools.list(kind="node", q="debug")
    tool = await client.tools.get("node:debug.echo")
    called = await client.tools.call("node:debug.echo", {"value": {"a": 1}})
    failed = await client.tools.call("node:debug.fail", {"message": "no luck"})

    assert tool in page.items
    assert (tool.kind, tool.effects, list(tool.parameters["properties"])) == ("node", "idempotent", ["value"])
    assert (called.status, called.ended, called.output) == ("succeeded", True, {"a": 1})
    assert (failed.status, failed.error) == ("failed", {**(failed.error or {}), "message": "no luck"})
    with pytest.raises(NotFound, match=r"node:debug\.echo"):
        await client.tools.get("node:debug.ecko")
    with pytest.raises(Invalid):
        await client.tools.call("node:debug.sleep", {"seconds": "long"})


async def test_a_large_answer_is_fetched(client: Client):
    text = "many words " * 7_000

    called = await client.tools.call("node:debug.echo", {"value": text})

    assert called.output["beginning"] == text[:2_000]
    assert await client.files.download(called.output["file"]) == text.encode()
