"""A server from its start to its end: one process that owns a data directory, drives its runs and answers over HTTP.

Stopping: at the first signal no run is claimed and no node begun any more, streams are sent away (they say where to go
on), requests under way get their answer; what runs gets a moment, then it is left to the next start. A second signal
ends the process at once, which costs nothing that was acknowledged.
"""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import uvicorn

from tenuto.api import mcp
from tenuto.api.app import create_app
from tenuto.api.connections import Connection
from tenuto.api.logs import logging_to
from tenuto.bootstrap.server import Server, open_server
from tenuto.documents import load
from tenuto.ports.engine import Refused
from tenuto.ports.journal import Closed
from tenuto.sdk.registry import library
from tenuto.service import anchors, housekeeping, relay, sending, ticking
from tenuto.service.administrator import FILE as TOKEN_FILE
from tenuto.service.control import Desk, listening
from tenuto.service.folders import take_in
from tenuto.service.principal import DEFAULT_TENANT
from tenuto.service.refusals import Invalid
from tenuto.settings import Settings

DRAIN: Final = 8  # seconds that requests under way have when the server stops
_KEEP_ALIVE: Final = 30  # seconds
_WEBSOCKET_LIMIT: Final = 1024 * 1024  # bytes of one message
_BACKLOG: Final = 2_048

Work = Coroutine[Any, Any, None]


@dataclass(slots=True, frozen=True)
class Ready:
    """`token` is None where it was made before. `flows`, `agents`: what their folders hold, by name, with its file.

    `model`: which one agents ask unless they name another, and why.
    """

    url: str
    token: str | None
    token_file: Path
    flows: Mapping[str, str]
    agents: Mapping[str, str]
    model: tuple[str, str]
    warnings: tuple[str, ...]
    seconds: float


class Announcer(Protocol):
    """Tells whoever started the server what becomes of it."""

    def ready(self, ready: Ready) -> None: ...

    def recovered(self, what: Mapping[str, Any]) -> None:
        """One run was taken over."""
        ...

    def said(self, text: str) -> None:
        """Something to know, now."""
        ...


def serve(settings: Settings, announcer: Announcer, flows: Path | None = None) -> int:
    """Until a signal comes, or the storage fails; the exit code. `flows`: a folder that is the source of flows."""
    level = settings.log_level.upper()
    with logging_to(level=level), asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_House(settings, announcer, flows).live())


class _Web(uvicorn.Server):
    """Signals are ours; `up` is called when it answers."""

    def __init__(self, config: uvicorn.Config, up: Callable[[], None]) -> None:
        super().__init__(config)
        self._up = up

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._up()


class _House:
    def __init__(self, settings: Settings, announcer: Announcer, flows: Path | None) -> None:
        self._settings = settings
        self._announcer = announcer
        self._flows = flows
        self._begun = time.perf_counter()
        self._stop = asyncio.Event()

    async def live(self) -> int:
        with listener(self._settings) as door, self._signals():
            async with open_server(self._settings) as server:
                return await self._run(server, door)

    async def _run(self, server: Server, door: socket.socket) -> int:
        folders = await take_in(server.platform, self._flows, self._settings.agents, self._announcer.said)
        model = await self._model(server)
        web = _Web(_config(server, self._settings), lambda: self._announcer.ready(self._ready(server, door, model)))
        heads = anchors.keep_anchored(server.platform.store, self._settings.data / anchors.FILE, time.time)
        work: list[Work] = [server.platform.telemetry.work(), self._recover(server), heads]
        drives = relay.drive, ticking.drive, housekeeping.drive, sending.drive
        work += [drive(server.platform, self._stop) for drive in drives]
        work += [each.watch(self._stop) for each in folders]
        calm_collector()
        async with _working(work), listening(self._settings.data, _desk(server)):
            serving = asyncio.create_task(web.serve([door]))
            stopping = asyncio.create_task(self._stop.wait())
            await asyncio.wait({serving, stopping, server.engine.failure}, return_when=asyncio.FIRST_COMPLETED)
            closing = asyncio.create_task(_drain(server, web))
            await asyncio.gather(serving, closing)
            stopping.cancel()
        return self._verdict(server)

    def _verdict(self, server: Server) -> int:
        failure = server.engine.failure
        error = failure.exception() if failure.done() and not failure.cancelled() else None
        if error is not None:
            self._announcer.said(f"the storage has failed: {error}")
        return 0 if error is None else 1

    async def _model(self, server: Server) -> tuple[str, str]:
        card = (await server.platform.models.cards(tenant=DEFAULT_TENANT, stage=self._settings.stage))[0]
        return card.model, card.trouble or card.chosen

    def _ready(self, server: Server, door: socket.socket, model: tuple[str, str]) -> Ready:
        return Ready(
            url=_url(self._settings, door),
            token=server.token if server.first else None,
            token_file=self._settings.data / TOKEN_FILE,
            flows=server.platform.flows.sources.shown(),
            agents=server.platform.agents.sources.shown(),
            model=model,
            warnings=(*server.warnings, *exposed(self._settings)),
            seconds=time.perf_counter() - self._begun,
        )

    async def _recover(self, server: Server) -> None:
        with contextlib.suppress(Closed):  # it was told to stop meanwhile
            async for recovered in server.engine.recover():
                self._announcer.recovered(asdict(recovered))

    @contextlib.contextmanager
    def _signals(self) -> Generator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._told, number)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _told(self, number: int) -> None:
        if self._stop.is_set():
            sys.stdout.flush()
            os._exit(128 + number)
        self._stop.set()
        with contextlib.suppress(OSError):  # nobody reads any more what is said
            self._announcer.said("stopping; once more to stop at once")


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.new_event_loop
    return new_event_loop


def _config(server: Server, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(server.platform, settings),
        http=Connection,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=DRAIN,
        ws_max_size=_WEBSOCKET_LIMIT,
        backlog=_BACKLOG,
    )


def calm_collector() -> None:
    """What is here now stays: looking at it again and again took a third of the time of a request.

    What is young is looked at often, so that never much of it is looked at in one go: nobody is answered meanwhile.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 5, 200)


async def _drain(server: Server, web: uvicorn.Server) -> None:
    """No new work from now on; then the doors are closed behind whoever is still inside."""
    closing = asyncio.create_task(server.engine.close())
    server.platform.live.close()
    await mcp.close(web.config.app)
    web.should_exit = True
    await closing


@contextlib.asynccontextmanager
async def _working(work: list[Work]) -> AsyncGenerator[None]:
    """What is done in the background while the block lasts; a failure of it ends the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in work]
        yield
        for task in tasks:
            task.cancel()


def _desk(server: Server) -> Desk:
    """What other commands on the same directory ask of its owner."""

    async def resume(run: str | None) -> list[dict[str, Any]]:
        return [asdict(recovered) async for recovered in server.engine.recover(run)]

    def read(content: bytes) -> Any:
        loaded = load(content, format="json", library=library(server.registry))
        if loaded.flow is None:
            raise Invalid("the process that owns the data directory cannot run this flow", loaded.errors)
        return loaded.flow

    def sources() -> dict[str, dict[str, str]]:
        platform = server.platform
        return {"flows": platform.flows.sources.owned(), "agents": platform.agents.sources.owned()}

    return Desk(server.engine, server.journal, read, resume, sources, server.engine.services.agents)


@contextlib.contextmanager
def listener(settings: Settings) -> Generator[socket.socket]:
    """Bound before anything is opened: a port that is taken shall cost nothing."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((settings.host, settings.port))
        except OSError as error:
            raise _not_bound(settings, error) from None
        door.setblocking(False)
        yield door
    finally:
        door.close()


def _not_bound(settings: Settings, error: OSError) -> Refused:
    said = f"nothing can listen at {settings.host}:{settings.port}: {(error.strerror or str(error)).lower()}"
    return Refused("unavailable", said, f"choose another port, such as `tenuto up --port {settings.port + 1}`")


def _url(settings: Settings, door: socket.socket) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104  compared with
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"http://{shown}:{door.getsockname()[1]}"


def exposed(settings: Settings) -> list[str]:
    if settings.loopback:
        return []
    warnings = [f"{settings.host} can be reached from other machines: put TLS in front, tokens travel in clear"]
    if settings.open_metrics:
        warnings.append("/metrics and /health tell anybody who can reach them how busy this server is")
    if not settings.allowed_hosts:
        warnings.append("only loopback names are answered: name others in `allowed_hosts`")
    return warnings
