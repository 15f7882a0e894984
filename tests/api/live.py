"""A server that really listens, on a free port of loopback and the test's own loop: for what streams, and for clients."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from tenuto.api.connections import Connection


@asynccontextmanager
async def listening(app: FastAPI) -> AsyncGenerator[str]:
    """Its URL, until the block is left."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app,
            http=Connection,
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
            ws_max_size=2**21,
        )
        server = uvicorn.Server(config)
        serving = asyncio.ensure_future(server._serve([door]))  # without its handling of signals
        while not server.started:  # noqa: ASYNC110  it has no event to wait for
            await asyncio.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            app.state.platform.live.close()
            server.should_exit = True
            await serving
