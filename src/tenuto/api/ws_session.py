"""One WebSocket connection that was let in: what it asks for, and what it is told. See `api.ws` for the words.

Each subscription is a task that keeps a place in a run's channel, so a connection that takes nothing holds up nobody; one
that takes nothing for too long is closed, and comes back with the last `seq` that it saw.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, cast

import msgspec
from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

from tenuto.api.tickets import Door, Pass
from tenuto.ports.journal import RunEntry
from tenuto.service.channel import Frame
from tenuto.service.named import named
from tenuto.service.platform import Platform
from tenuto.service.refusals import Refused
from tenuto.service.runs import STATUSES, entry_json
from tenuto.service.stream import Reader

RECHECK: Final = 2.0  # seconds; what is revoked may be remembered for some more
LARGEST: Final = 1_000_000  # characters of a message
LIST: Final = "*"  # the subscription to the list of runs
KEPT_ENTRIES: Final = 1_000  # changes of the list that are kept for one that is slow

NOT_UNDERSTOOD: Final = 4400
UNPROVEN: Final = 4401
TOO_SLOW: Final = 4408
TOO_LARGE: Final = 1009


class Leave(Exception):
    """Close the connection with this code."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


class Session:
    def __init__(self, socket: WebSocket, platform: Platform, door: Door, came: Pass) -> None:
        self._socket = socket
        self._platform = platform
        self._door = door
        self._came = came
        self._subscriptions: dict[str, asyncio.Task[None]] = {}
        self._sending = asyncio.Lock()
        self._slow: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Until the other side leaves, or is sent away (`Leave`)."""
        works = [asyncio.ensure_future(work) for work in (self._listen(), self._recheck())]
        try:
            await asyncio.wait([*works, self._slow], return_when=asyncio.FIRST_COMPLETED)
        finally:
            mine = [*works, *self._subscriptions.values()]
            for task in mine:
                task.cancel()
            ended = await asyncio.gather(*mine, return_exceptions=True)
        if self._slow.done():
            raise Leave(TOO_SLOW, "too slow; come back with the last seq")
        for error in ended:
            if isinstance(error, Exception) and not isinstance(error, WebSocketDisconnect | OSError):
                raise error

    async def _listen(self) -> None:
        while True:
            said = read_message(await self._socket.receive())
            try:
                await self._answer(said)
            except Refused as refused:
                await self._say({"type": "error", "code": refused.code, "detail": str(refused), "about": said})

    async def _recheck(self) -> None:
        came = self._came
        while True:
            await asyncio.sleep(RECHECK)
            try:
                who = await self._platform.gate.identify(came.credential, came.who.tenant)
                who.needs("runs:read")
            except Refused:
                raise Leave(UNPROVEN, "the credential does not hold any more") from None

    async def _answer(self, said: Mapping[str, Any]) -> None:
        match said.get("type"):
            case "ping":
                await self._say({"type": "pong"})
            case "subscribe" if "runs" in said:
                await self._subscribe_to_list(said["runs"])
            case "subscribe":
                await self._subscribe(said.get("run"), said.get("after", 0))
            case "unsubscribe":
                await self._unsubscribe(said)
            case other:
                raise Refused("invalid", f"there is no message `{str(other)[:40]}`", "subscribe, unsubscribe or ping")

    # --- one run

    async def _subscribe(self, run: object, after: object) -> None:
        if not isinstance(run, str) or isinstance(after, bool) or not isinstance(after, int) or after < 0:
            raise Refused("invalid", "`run` is an id or a name, `after` the number of the last event seen")
        entry = await named(self._platform.archive, self._came.who.tenant, run)
        self._add(entry.id, lambda: self._follow(entry.id, after))
        await self._say({"type": "subscribed", "run": entry.id, "name": entry.name})

    async def _follow(self, run: str, after: int) -> None:
        reader = self._platform.live.streams.reader(run, after)
        reader.when_dropped(self._too_slow)
        try:
            async with contextlib.aclosing(reader.pieces()) as pieces:
                async for piece in pieces:
                    if piece.frames:
                        text = piece.text("ws", lambda frames: _written(run, frames))
                        for each in text.split(b"\n"):
                            await self._send(each.decode())
        finally:
            reader.leave()
        self._forget(run)
        await self._say({"type": "end", "run": run, "seq": _seen(reader)})

    # --- the list

    async def _subscribe_to_list(self, wanted: object) -> None:
        takes = _filter(wanted, self._came.who.tenant)
        self._add(LIST, lambda: self._follow_list(takes))
        await self._say({"type": "subscribed", "runs": wanted})

    async def _follow_list(self, takes: Callable[[RunEntry], bool]) -> None:
        news = asyncio.Event()
        changed: deque[RunEntry] = deque(maxlen=KEPT_ENTRIES)  # the latest state counts: older ones may be lost

        def told(entry: RunEntry, _: bool) -> None:  # noqa: FBT001  the port's
            if takes(entry):
                changed.append(entry)
                news.set()

        leave = self._platform.live.feed.observe(told)
        try:
            while True:
                await news.wait()
                news.clear()
                while changed:
                    await self._say({"type": "run", "item": entry_json(changed.popleft())})
        finally:
            leave()

    # --- subscriptions

    def _add(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if name in self._subscriptions:
            raise Refused("conflict", "this is subscribed to already", "unsubscribe first")
        if not self._door.subscribe(self._came.user):
            raise Refused("rate_limited", "too many subscriptions", "unsubscribe from what you need no more")
        task = self._subscriptions[name] = asyncio.ensure_future(work())
        task.add_done_callback(lambda done: self._left(name, done))

    def _left(self, name: str, task: asyncio.Task[None]) -> None:
        self._door.unsubscribe(self._came.user)
        if self._subscriptions.get(name) is task:
            del self._subscriptions[name]
        if not task.cancelled() and task.exception() is not None:
            self._too_slow()  # it could not be told any more

    def _forget(self, name: str) -> None:
        """It may be subscribed to again as soon as its end is told."""
        self._subscriptions.pop(name, None)

    async def _unsubscribe(self, said: Mapping[str, Any]) -> None:
        name = LIST
        if "runs" not in said:
            name = (await named(self._platform.archive, self._came.who.tenant, str(said.get("run")))).id
        task = self._subscriptions.pop(name, None)
        if task is not None:
            task.cancel()
        await self._say(
            {"type": "unsubscribed", "run": name} if name != LIST else {"type": "unsubscribed", "runs": True}
        )

    def _too_slow(self) -> None:
        if not self._slow.done():
            self._slow.set_result(None)

    # --- saying

    async def _say(self, message: Mapping[str, Any]) -> None:
        await self._send(_encode(message).decode())

    async def _send(self, text: str) -> None:
        async with self._sending:
            await self._socket.send_text(text)


def read_message(message: Mapping[str, Any]) -> dict[str, Any]:
    """One message of the other side as an object, or `Leave`."""
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    text = message.get("text") or message.get("bytes") or b""
    if len(text) > LARGEST:
        raise Leave(TOO_LARGE, f"a message has at most {LARGEST:,} characters")
    try:
        said = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Leave(NOT_UNDERSTOOD, "a message is a JSON object")
    return cast("dict[str, Any]", said)


def _filter(wanted: object, tenant: str) -> Callable[[RunEntry], bool]:
    if not isinstance(wanted, dict):
        raise Refused("invalid", '`runs` is a filter such as {"flow": "hello", "status": ["failed"]}, or {}')
    asked = cast("dict[str, Any]", wanted)
    flow, statuses = asked.get("flow"), asked.get("status")
    labels: Any = asked.get("labels") or {}
    if not asked.keys() <= {"flow", "status", "labels"} or not isinstance(labels, dict) or not _text(flow):
        raise Refused("invalid", "a filter takes `flow`, `status` (a list) and `labels` (an object)")
    if statuses is not None and not (isinstance(statuses, list) and set(map(str, statuses)) <= STATUSES):  # pyright: ignore[reportUnknownArgumentType] # JSON
        raise Refused("invalid", f"`status` is a list of {', '.join(sorted(STATUSES))}")
    pairs = cast("dict[str, Any]", labels).items()

    def takes(entry: RunEntry) -> bool:
        return (
            entry.tenant == tenant
            and flow in {None, entry.flow}
            and (statuses is None or entry.status in statuses)
            and all(entry.labels.get(name) == value for name, value in pairs)
        )

    return takes


def _text(said: object) -> bool:
    return said is None or isinstance(said, str)


def _written(run: str, frames: list[Frame]) -> bytes:
    """One message a line. An id is letters and digits."""
    return b"\n".join(
        b'{"type":"event","run":"%s","event":"%s"%s,"data":%s}'
        % (run.encode(), frame.event.encode(), b',"seq":%d' % frame.seq if frame.seq else b"", frame.data)
        for frame in frames
    )


def _seen(reader: Reader) -> int:
    return reader.seen


_encode = msgspec.json.Encoder().encode
