"""The control socket of a data directory: how another process reaches the one that owns it. This is the owner's side.

A Unix socket `control.sock` in the directory, readable by its user alone. One request a connection, as one line of
JSON: `{"v": 1, "do": VERB, ...}`. The answer is a line `{"ok": value}` or `{"error": {"code", "message", "hint"}}`;
`watch` answers with a line `{"live": ...}` for each thing seen, then `{"ok": null}`. The other side is `cli/control.py`.
"""

import asyncio
import contextlib
import json
import logging
import socket
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, cast

from tenuto.core.flow.model import Flow
from tenuto.ports.agent_house import AgentHouse
from tenuto.ports.codec import decode, plain
from tenuto.ports.engine import Engine, Live, Outcome, Refused, StartRequest
from tenuto.ports.journal import Closed, Damaged, StorageFull
from tenuto.service.runs import Deleter

VERSION: Final = 1
NAME: Final = "control.sock"
LINE_LIMIT: Final = 64 * 1024 * 1024
_PATH_LIMIT: Final = 100  # of a socket's address, in bytes: 108 on Linux, 104 on macOS, with its end

_log: Final = logging.getLogger("tenuto.control")

Request = Mapping[str, Any]


class Keeper(Deleter, Protocol):
    """The journal, as its owner may handle it."""

    async def backup(self, target: Path | str) -> None: ...


@dataclass(slots=True)
class Desk:
    """What requests are carried out with. `read_document` refuses what this process cannot run. `resume` takes a run over
    (None: all that have not ended), as far as that has not been done, and says what it took. `sources`: which flows and
    agents belong to files of folders, by kind. `agents`: those that its runs find."""

    engine: Engine
    journal: Keeper
    read_document: Callable[[bytes], Flow]
    resume: Callable[[str | None], Awaitable[list[dict[str, Any]]]]
    sources: Callable[[], Mapping[str, Mapping[str, str]]] = dict
    agents: AgentHouse | None = None


@contextlib.asynccontextmanager
async def listening(directory: Path, desk: Desk) -> AsyncGenerator[None]:
    """Answer requests until the block is left. The caller owns the directory, so what lies there is nobody's any more."""
    path = directory / NAME
    conversations: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        conversations.add(task)
        try:
            await _converse(desk, reader, writer)
        finally:
            conversations.discard(task)

    server = await asyncio.start_unix_server(converse, sock=_bind(path), limit=LINE_LIMIT)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)
        for task in list(conversations):
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)


@contextlib.contextmanager
def reachable(path: Path) -> Generator[str]:
    """The path of a socket, by way of a short link where the directory's own name is too long for a socket address."""
    if len(str(path).encode()) <= _PATH_LIMIT:
        yield str(path)
        return
    with tempfile.TemporaryDirectory(prefix="tenuto-") as folder:
        link = Path(folder) / "d"
        link.symlink_to(path.parent.absolute(), target_is_directory=True)
        yield str(link / path.name)


def live_json(live: Live) -> dict[str, Any]:
    fact = live.fact
    said = {"run": live.run, "kind": live.kind, "path": live.path, "seq": live.seq, "data": live.data}
    return said if fact is None else {**said, "type": fact.type, "fact": plain(fact)}


def live_of(said: Request) -> Live:
    fact = decode(said["type"], json.dumps(said["fact"]).encode()) if "fact" in said else None
    return Live(said["run"], said["kind"], said["path"], said["seq"], fact, said["data"])


def _bind(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.setblocking(False)
    try:
        with reachable(path) as address:
            listener.bind(address)
        path.chmod(0o600)  # before it listens: nobody can have connected yet
    except OSError:
        listener.close()
        raise
    return listener


async def _converse(desk: Desk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.CancelledError):  # the other side left, or we are closing
        try:
            request = _request(await reader.readline())
            if request.get("do") == "watch":
                async for live in desk.engine.watch(str(request["run"]), int(request.get("after", 0))):
                    await _say(writer, {"live": live_json(live)})
            await _say(writer, {"ok": await _carry_out(desk, request)})
        except Refused as refused:
            await _say(writer, {"error": {"code": refused.code, "message": str(refused), "hint": refused.hint}})
        except (KeyError, TypeError, ValueError) as error:  # a request that is not as it should be
            await _say(
                writer,
                {"error": {"code": "invalid", "message": f"a request that cannot be read: {error!r}", "hint": ""}},
            )
        except ConnectionError:
            raise
        except Closed:  # no answer: whoever asks tries again, with the next owner
            pass
        except Exception as error:  # noqa: BLE001  whoever asks would wait for an owner that went silent
            await _say(writer, {"error": _failure(error)})
    writer.close()


def _failure(error: Exception) -> dict[str, str]:
    """What is meant for people is told; what nobody foresaw stands in the owner's log."""
    if isinstance(error, StorageFull | Damaged | OSError):
        return {"code": "storage", "message": str(error), "hint": ""}
    _log.error("unexpected", exc_info=error)
    said = "the process that owns the data directory could not do this"
    return {"code": "storage", "message": said, "hint": "its log says more"}


def _request(line: bytes) -> Request:
    request = json.loads(line)
    if not isinstance(request, dict) or request.get("v") != VERSION:  # pyright: ignore[reportUnknownMemberType] # JSON
        raise Refused(
            "invalid",
            "the process that owns the data directory is another version of Tenuto",
            "stop it, or use its version",
        )
    return cast("Request", request)


async def _say(writer: asyncio.StreamWriter, said: object) -> None:
    writer.write(json.dumps(said).encode() + b"\n")
    await writer.drain()


async def _carry_out(desk: Desk, request: Request) -> object:
    match request["do"]:
        case "watch" | "ping":
            return None
        case "start":
            return await desk.engine.start(_start_request(desk, request["request"]))
        case "signal":
            return await desk.engine.signal(
                request["run"], request["name"], request["payload"], by=request.get("by"), key=request.get("key")
            )
        case "cancel":
            return await desk.engine.cancel(request["run"], by=request.get("by"), reason=request.get("reason"))
        case "outcome":
            return _outcome_json(await desk.engine.outcome(request["run"], until=frozenset(request.get("until", ()))))
        case "agent":
            return await _look(desk, request)
        case "resume":
            return await desk.resume(request["run"])
        case "sources":
            return desk.sources()
        case "delete":
            return await desk.journal.delete(request["run"])
        case "backup":
            return await desk.journal.backup(Path(request["target"]))
        case verb:
            raise Refused(
                "invalid",
                f"the process that owns the data directory does not know `{verb}`",
                "use the same version of Tenuto",
            )


async def _look(desk: Desk, request: Request) -> object:
    from tenuto.service.agent_looks import look_at, look_json

    if desk.agents is None:
        raise Refused("not_found", "the process that owns the data directory has no agents")
    rooms = desk.agents.of(request["tenant"], request["stage"])
    return look_json(await look_at(rooms, request["name"], request.get("model")))


def start_json(request: StartRequest) -> dict[str, Any]:
    """A start request without its flow's Python form: the document travels, and is read again by the owner."""
    said = {name: getattr(request, name) for name in _START_FIELDS}
    return {**said, "document": request.flow.document}


_START_FIELDS: Final = tuple(name for name in StartRequest.__dataclass_fields__ if name != "flow")


def _start_request(desk: Desk, said: Request) -> StartRequest:
    flow = desk.read_document(json.dumps(said["document"]).encode())
    return StartRequest(flow, **{name: said[name] for name in _START_FIELDS if name in said})


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "id": outcome.id,
        "name": outcome.name,
        "status": outcome.status,
        "output": outcome.output,
        "error": outcome.error,
    }
