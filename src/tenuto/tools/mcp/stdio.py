"""A server as a process of its own: JSON-RPC, a line a message, over its standard input and output.

Unlike the library's own transport it hands down no environment but the one that was named, a line has a length that it may
not pass, and what the process says on its standard error goes to the log.
"""

import asyncio
import errno
import os
import shutil
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import anyio
import mcp_types as types
from mcp.shared.message import SessionMessage

LONGEST: Final = 10 * 1024 * 1024  # bytes of one message
LONGEST_SAID: Final = 500  # characters of a line in the log
LARGEST_NONSENSE: Final = 100  # lines in a row that are no messages
PATIENCE: Final = 1.0  # seconds that a process may take to end, asked politely, then not
_LAUNCH: Final = Path(__file__).with_name("launch.py")
_PATH: Final = "/usr/local/bin:/usr/bin:/bin"

Say = Callable[[str], None]


@asynccontextmanager
async def running(
    command: Sequence[str], env: Mapping[str, str], say: Say, gone: Callable[[], None]
) -> AsyncGenerator[Any]:
    """The streams of a session with a new process, which ends with the block and takes its children along.

    `gone` is called when it says no more.
    """
    variables = {"PATH": os.environ.get("PATH", _PATH), **env}
    process = await asyncio.create_subprocess_exec(
        *_tied(command, variables["PATH"]),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=variables,
        start_new_session=True,
        limit=LONGEST,
    )
    to_session, from_server = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    from_session, to_server = anyio.create_memory_object_stream[SessionMessage](0)
    tasks = [
        asyncio.create_task(_listen(process, to_session, say, gone)),
        asyncio.create_task(_speak(process, to_server, to_session)),
        asyncio.create_task(_overhear(process, say)),
    ]
    try:
        yield from_server, from_session
    finally:
        await asyncio.shield(_end(process, tasks))
        for stream in (to_session, from_server, from_session, to_server):
            stream.close()


def _tied(command: Sequence[str], path: str) -> list[str]:
    """The command such that it ends with us, where the system knows how. `FileNotFoundError` if there is none."""
    if shutil.which(command[0], path=path) is None:
        raise FileNotFoundError(errno.ENOENT, "no such program", command[0])
    if sys.platform != "linux":
        return [*command]
    return [sys.executable, "-I", "-S", str(_LAUNCH), str(os.getpid()), *command]


async def _listen(process: asyncio.subprocess.Process, to_session: Any, say: Say, gone: Callable[[], None]) -> None:
    """Until the process says no more, says too much at once, or nothing but nonsense."""
    assert process.stdout is not None
    with _calling(gone), to_session, suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
        nonsense = 0
        while nonsense < LARGEST_NONSENSE:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than the limit: whatever follows is not a message
                say(f"more than {LONGEST // 2**20} MB in one line")
                return
            if not line:
                return
            if line.strip():
                message = _read(line)
                nonsense = nonsense + 1 if isinstance(message, Exception) else 0
                if nonsense == 1:
                    say(f"no message: {line[:LONGEST_SAID].decode('utf-8', 'replace').strip()}")
                await to_session.send(message)


@contextmanager
def _calling(gone: Callable[[], None]) -> Generator[None]:
    try:
        yield
    finally:
        gone()


def _read(line: bytes) -> Any:
    try:
        return SessionMessage(types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        return error


async def _speak(process: asyncio.subprocess.Process, to_server: Any, to_session: Any) -> None:
    assert process.stdin is not None
    try:
        async for sent in to_server:
            said = sent.message.model_dump_json(by_alias=True, exclude_unset=True)
            process.stdin.write(said.encode() + b"\n")
            await process.stdin.drain()
    except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        to_session.close()  # nobody waits for an answer that cannot come


async def _overhear(process: asyncio.subprocess.Process, say: Say) -> None:
    assert process.stderr is not None
    rest = b""
    while piece := await process.stderr.read(4096):
        *lines, rest = (rest + piece).split(b"\n")
        rest = rest[-LONGEST_SAID:]
        for line in lines:
            if line.strip():
                say(line[:LONGEST_SAID].decode("utf-8", "replace"))


async def _end(process: asyncio.subprocess.Process, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Its input closes, then it is asked to end, then it is ended; children that it left behind as well."""
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()
    if not await _ended(process):
        _send(process, signal.SIGTERM)
        await _ended(process)
    _send(process, signal.SIGKILL)
    await _ended(process)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await _empty(process)


async def _empty(process: asyncio.subprocess.Process) -> None:
    """What it still had to say is read, for as long as it is not read asyncio keeps the pipe open, and complains at the end."""
    assert process.stdout is not None
    with suppress(TimeoutError, OSError, RuntimeError):
        await asyncio.wait_for(process.stdout.read(), PATIENCE)


async def _ended(process: asyncio.subprocess.Process) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), PATIENCE)
    return process.returncode is not None


def _send(process: asyncio.subprocess.Process, what: signal.Signals) -> None:
    """To the process and all that it started: it leads a group of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, what)
