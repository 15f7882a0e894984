"""The server that `service.py` asks: Tenuto as `tenuto up` opens it, and beside it an empty FastAPI with one POST, in the
same process on the same uvicorn. Prints its port, the token, and from then on answers until it is stopped.
"""

import asyncio
import contextlib
import json
import socket
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from tenuto.api.app import create_app
from tenuto.api.serve import calm_collector, loop_factory
from tenuto.bootstrap.server import open_server
from tenuto.settings import Settings

empty = FastAPI()


@empty.post("/empty")
async def nothing(body: dict[str, str]) -> dict[str, str]:
    """Reads a body and answers one, and does nothing."""
    return body


async def main(folder: Path) -> None:
    settings = Settings(data=folder)
    async with open_server(settings) as server:
        ours = create_app(server.platform, settings)

        async def both(scope: Scope, receive: Receive, send: Send) -> None:
            await (empty if scope["path"] == "/empty" else ours)(scope, receive, send)

        door = socket.socket()
        door.bind(("127.0.0.1", 0))
        calm_collector()  # as `tenuto up` does
        counting = asyncio.create_task(server.platform.telemetry.work())
        print(json.dumps({"port": door.getsockname()[1], "token": server.token}), flush=True)
        config = uvicorn.Config(both, lifespan="off", log_config=None, access_log=False, server_header=False)
        await uvicorn.Server(config).serve([door])
        counting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await counting


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main(Path(sys.argv[1])))
