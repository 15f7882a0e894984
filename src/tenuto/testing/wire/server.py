"""The server: which wire a request speaks, what the script says to it, and how that is sent."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from tenuto.models.scripts import Script, WrongScript, read_script
from tenuto.testing.wire import anthropic_messages, bedrock_converse, openai_chat, openai_responses
from tenuto.testing.wire.faults import fault_of, faulty
from tenuto.testing.wire.http import Request, Response, read_request, write_response
from tenuto.testing.wire.log import Entry, Log
from tenuto.testing.wire.said import Asked, Json, inside, speech_of

_WIRES: Mapping[str, ModuleType] = {
    "/chat/completions": openai_chat,
    "/responses": openai_responses,
    "/messages": anthropic_messages,
}
_JSON = {"Content-Type": "application/json", "request-id": "req_scripted", "x-request-id": "req_scripted"}
_EVENTS = {**_JSON, "Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
_FRAMES = {**_JSON, "Content-Type": "application/vnd.amazon.eventstream"}
_HUGE = 16 * 1024 * 1024


class WireServer:
    """Answers from a script on 127.0.0.1. `models`: what `/v1/models` and Ollama's `/api/tags` list.

    `asked`: every question in our own words; `requests`: as they came; `log.entries`: what happened, in order.
    """

    def __init__(
        self,
        script: Sequence[Any] | Mapping[str, Any] | Script,
        *,
        port: int = 0,
        log: Path | None = None,
        models: Sequence[str] = ("scripted",),
    ) -> None:
        given: Any = script if isinstance(script, Script | Mapping) else list(script)
        self.script = given if isinstance(given, Script) else read_script(given)
        self.log = Log(log)
        self.asked: list[Asked] = []
        self.requests: list[Request] = []
        self.port = port
        self._models = models
        self._met: Counter[str] = Counter()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def openai(self) -> str:
        """The `base_url` of OpenAI's clients, and of ours after `openai:` and `openai-responses:`."""
        return f"{self.url}/v1"

    @property
    def anthropic(self) -> str:
        return self.url

    @property
    def bedrock(self) -> str:
        return self.url

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Whoever is still being answered is hung up on."""
        if self._server is not None:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        if self._open:
            await asyncio.wait(self._open)
        self.log.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while (request := await read_request(reader)) is not None and await self._serve(request, writer):
                pass
        writer.close()

    async def _serve(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        self.requests.append(request)
        found = self._read(request)
        if found is None:
            await write_response(writer, self._other(request))
            return not request.last
        asked, wire = found
        self.asked.append(asked)
        entry = self._entry(request, asked)
        self.log.write(entry)
        response = await self._answer(request, asked, wire)
        await write_response(writer, response)
        self.log.write(replace(entry, phase="answered", status=0 if response.cut else response.status))
        return not response.cut and not request.last

    def _read(self, request: Request) -> tuple[Asked, ModuleType] | None:
        path = request.path.partition("?")[0]
        if request.method != "POST":
            return None
        if path.startswith("/model/"):
            return bedrock_converse.read(request.json(), path), bedrock_converse
        wire = next((wire for end, wire in _WIRES.items() if path.endswith(end)), None)
        return None if wire is None else (wire.read(request.json()), wire)

    def _other(self, request: Request) -> Response:
        """Lists of models, and what is not there."""
        path = request.path.partition("?")[0]
        if path.endswith("/models"):
            listed = [{"id": name, "object": "model", "created": 0, "owned_by": "script"} for name in self._models]
            return _json(200, {"object": "list", "data": listed})
        if path == "/api/tags":
            return _json(200, {"models": [{"name": name, "model": name} for name in self._models]})
        return _json(404, {"error": {"message": f"there is no {request.method} {path}", "code": "404"}})

    def _entry(self, request: Request, asked: Asked) -> Entry:
        return Entry(
            phase="asked",
            n=len(self.asked),
            wire=asked.wire,
            model=asked.model,
            turn=asked.turn,
            digest=asked.digest,
            key=request.headers.get("idempotency-key", ""),
            stream=asked.stream,
            tools=[tool["name"] for tool in asked.ask["tools"]],
        )

    async def _answer(self, request: Request, asked: Asked, wire: ModuleType) -> Response:
        try:
            answer = self.script.answer(asked.ask)
        except WrongScript as error:
            return _json(400, wire.error(f"the script: {error}", 400))
        which = request.headers.get("idempotency-key") or asked.digest
        error = answer.get("error")
        if error is not None and self._meets(f"error {which}", error):
            return _refusal(inside(error) or {"message": str(error)}, wire)
        fault = fault_of(answer)
        meets = bool(fault.get("kind")) and self._meets(f"fault {which}", fault)
        if meets and fault["kind"] == "huge":
            answer = {
                "calls": [{"tool": "huge", "arguments": json.dumps({"text": "x" * int(fault.get("size", _HUGE))})}]
            }
        response = self._said(answer, asked, wire)
        return await faulty(fault, response, stream=asked.stream) if meets else response

    def _meets(self, which: str, given: Any) -> bool:
        """Whether this question still meets what it may meet only some times."""
        times: Any = inside(given).get("times")
        self._met[which] += 1
        return times is None or self._met[which] <= times

    def _said(self, answer: Mapping[str, Any], asked: Asked, wire: ModuleType) -> Response:
        speech = speech_of(answer, asked)
        if not asked.stream:
            return _json(200, wire.whole(speech, asked))
        if wire is bedrock_converse:
            return Response(200, self._paced(wire.frames(speech, asked)), _FRAMES)
        encode = _named if wire is not openai_chat else _unnamed
        return Response(200, self._paced(map(encode, wire.events(speech, asked))), _EVENTS)

    async def _paced(self, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        for piece in pieces:
            await asyncio.sleep(self.script.delay)
            yield piece


def _refusal(error: Json, wire: ModuleType) -> Response:
    status = int(error.get("status", 503))
    response = _json(status, wire.error(str(error.get("message", "as the script says")), status))
    if "retry_after" in error:
        response.headers = {**response.headers, "Retry-After": str(error["retry_after"])}
    return response


def _json(status: int, value: Any) -> Response:
    return Response(status, json.dumps(value).encode(), _JSON)


def _named(event: Json) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _unnamed(event: Json | str) -> bytes:
    return f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode()
