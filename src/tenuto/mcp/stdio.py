"""A data directory as an MCP server on stdin and stdout: this process owns it, drives its runs, and says nothing else there."""

import asyncio
import contextlib
import sys
from pathlib import Path

from tenuto.bootstrap.server import Server, open_server
from tenuto.mcp.offering import Asker
from tenuto.service.folders import take_in
from tenuto.service.principal import local
from tenuto.settings import Settings


def serve(settings: Settings, by: str | None, stage: str | None, flows: Path | None = None) -> int:
    """Until the client closes our input. `flows`: the folder that is their source, as `settings.agents` is that of agents."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, Asker(local(by), stage), flows))
    return 0


async def _serve(settings: Settings, asker: Asker, flows: Path | None) -> None:
    from mcp.server.stdio import stdio_server

    from tenuto.mcp.serving import Serving

    async with open_server(settings) as opened, stdio_server() as (read, write):
        folders = await take_in(opened.platform, flows, settings.agents, _say)
        await opened.platform.flows.published.stage(asker.who.tenant, asker.stage)
        telemetry = asyncio.create_task(opened.platform.telemetry.work())
        recovering = asyncio.create_task(_recover(opened))
        serving = Serving(opened.platform, asker.who.tenant, lambda _: asker)
        stop = asyncio.Event()
        watching = [
            asyncio.create_task(each) for each in (serving.watch(), *(folder.watch(stop) for folder in folders))
        ]
        options = serving.server.create_initialization_options()
        try:
            await serving.server.run(read, write, options)
        finally:
            for task in (telemetry, recovering, *watching):
                task.cancel()
            opened.platform.live.close()


async def _recover(opened: Server) -> None:
    """Runs that an earlier process left go on here."""
    async for recovered in opened.engine.recover():
        _say(f"resumed {recovered.name}")


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201  stdout is the client's
