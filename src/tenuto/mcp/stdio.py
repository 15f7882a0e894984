"""A data directory as an MCP server on stdin and stdout: this process owns it, drives its runs, and says nothing else there."""

import asyncio
import contextlib
import sys

from tenuto.bootstrap.server import Server, open_server
from tenuto.mcp.offering import Asker
from tenuto.service.principal import local
from tenuto.settings import Settings


def serve(settings: Settings, by: str | None, stage: str | None) -> int:
    """Until the client closes our input."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, Asker(local(by), stage)))
    return 0


async def _serve(settings: Settings, asker: Asker) -> None:
    from mcp.server.stdio import stdio_server

    from tenuto.mcp.serving import Serving

    async with open_server(settings) as opened, stdio_server() as (read, write):
        await opened.platform.flows.published.stage(asker.who.tenant, asker.stage)
        telemetry = asyncio.create_task(opened.platform.telemetry.work())
        recovering = asyncio.create_task(_recover(opened))
        serving = Serving(opened.platform, asker.who.tenant, lambda _: asker)
        watching = asyncio.create_task(serving.watch())
        options = serving.server.create_initialization_options()
        try:
            await serving.server.run(read, write, options)
        finally:
            for task in (telemetry, recovering, watching):
                task.cancel()
            opened.platform.live.close()


async def _recover(opened: Server) -> None:
    """Runs that an earlier process left go on here."""
    async for recovered in opened.engine.recover():
        print(f"resumed {recovered.name}", file=sys.stderr)  # noqa: T201  stdout is the client's
