"""Runs: start, look, follow, tell, start again."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from tenuto.client.errors import Conflict
from tenuto.client.shapes import Event, Json, Page, Run
from tenuto.client.streaming import follow
from tenuto.client.transport import Transport

LONGEST_WAIT: Final = 55.0  # seconds that one request waits for an outcome


class Runs:
    """`client.runs`. A `run` is its id or its name."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def start(
        self,
        flow: str | None = None,
        input: Json = None,  # noqa: A002  the word for it in every layer
        *,
        document: Mapping[str, Json] | None = None,
        version: int | str | None = None,
        stage: str | None = None,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> Run:
        """Durable when this returns. With `wait`, its outcome if that comes in so many seconds.

        Without a key of your own one is made up, so that a lost answer never starts two runs.
        """
        asked = {
            "flow": flow,
            "document": document,
            "version": version,
            "stage": stage,
            "input": input,
            "name": name,
            "labels": labels,
        }
        body = {key: value for key, value in asked.items() if value is not None}
        headers = {"Idempotency-Key": idempotency_key or str(uuid4())}
        return await self._started("/v1/runs", body, wait, headers=headers, safe=True)

    async def get(self, run: str) -> Run:
        return Run.of(await self._transport.json("GET", _path(run)))

    async def list(
        self,
        *,
        flow: str | None = None,
        status: str | Sequence[str] | None = None,
        labels: Mapping[str, str] | None = None,
        parent: str | None = None,
        name: str | None = None,
        stage: str | None = None,
        created_after: str | None = None,
        created_before: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Run]:
        """Newest first."""
        asked: dict[str, Any] = {
            "flow": flow,
            "status": status,
            "parent": parent,
            "name": name,
            "stage": stage,
            "created_after": created_after,
            "created_before": created_before,
            "limit": limit,
            "cursor": cursor,
            "label": [f"{key}:{value}" for key, value in (labels or {}).items()] or None,
        }
        params = {key: value for key, value in asked.items() if value is not None}
        page = await self._transport.json("GET", "/v1/runs", params=params)
        return Page([Run.of(each) for each in page["items"]], page["next_cursor"])

    async def wait(self, run: str) -> Run:
        """The run, once it has ended, however long that takes. Bound it with `asyncio.timeout`."""
        async with aclosing(self.stream(run)) as events:
            async for _ in events:
                pass
        return await self.get(run)

    def stream(self, run: str, *, after: int = 0) -> AsyncGenerator[Event]:
        """Each fact once and in order, and what streaming nodes say, to the end of the run; over lost connections too."""
        return follow(self._transport, f"{_path(run)}/events", after, self._transport.attempts)

    async def events(self, run: str, *, after: int = 0) -> AsyncIterator[Event]:
        """What is recorded so far."""
        cursor: str | None = str(after)
        while cursor is not None:
            params = {"cursor": cursor, "limit": 500}
            page = await self._transport.json("GET", f"{_path(run)}/events", params=params)
            for each in page["items"]:
                yield Event(type=each["type"], data=each, seq=each["seq"])
            cursor = page["next_cursor"]

    async def signal(self, run: str, name: str, payload: Json = None, *, idempotency_key: str | None = None) -> None:
        """Durable when this returns, and recorded once. `name`: of the signal, or the path of what waits."""
        key = idempotency_key or str(uuid4())
        path = f"{_path(run)}/signals/{quote(name)}"
        try:
            await self._transport.json("POST", path, json=payload, headers={"Idempotency-Key": key}, safe=True)
        except Conflict as conflict:
            # An answer that was lost: the signal was recorded, and the run has gone on meanwhile.
            if conflict.code not in {"ended", "answered"} or not await self._recorded(run, key):
                raise

    async def approve(
        self, run: str, path: str, *, approved: bool = True, comment: str | None = None, form: Json = None
    ) -> None:
        """Answer what waits at a path (`ok`, `search[3].ok`). `Conflict` if somebody else has."""
        said = {"approved": approved, "comment": comment, "form": form}
        await self.signal(run, path, {key: value for key, value in said.items() if value is not None})

    async def decide(self, run: str, path: str, decision: str, output: Json = None) -> None:
        """Settle a node of which nobody knows whether its effect happened: `retry`, `done` (with its output) or `fail`."""
        said = {"decision": decision, "output": output} if decision == "done" else {"decision": decision}
        await self.signal(run, path, said)

    async def cancel(self, run: str, reason: str | None = None) -> None:
        body = None if reason is None else {"reason": reason}
        await self._transport.json("POST", f"{_path(run)}/cancel", json=body)

    async def pause(self, run: str) -> None:
        await self._transport.json("POST", f"{_path(run)}/pause", safe=True)

    async def resume(self, run: str) -> None:
        await self._transport.json("POST", f"{_path(run)}/resume", safe=True)

    async def retry(
        self, run: str, *, from_: str | None = None, version: int | str | None = None, wait: float | None = None
    ) -> Run:
        """A new run that keeps what succeeded."""
        asked = {"from": from_, "version": version}
        return await self._started(f"{_path(run)}/retry", asked, wait)

    async def fork(
        self,
        run: str,
        *,
        at: str | int | None = None,
        edits: Mapping[str, Json] | None = None,
        version: int | str | None = None,
        name: str | None = None,
        wait: float | None = None,
    ) -> Run:
        """A new run as this one was before a node or at a fact, with edits such as `{"input.topic": "tea"}`."""
        asked = {"at": at, "edits": edits or {}, "version": version, "name": name}
        return await self._started(f"{_path(run)}/fork", asked, wait)

    async def label(self, run: str, labels: Mapping[str, str | None]) -> Run:
        """Those that are named; None takes one away."""
        return Run.of(await self._transport.json("PATCH", _path(run), json={"labels": labels}, safe=True))

    async def delete(self, run: str) -> None:
        """It must have ended."""
        await self._transport.json("DELETE", _path(run))

    async def _started(self, path: str, body: Json, wait: float | None, **more: Any) -> Run:
        params = {} if wait is None else {"wait": min(wait, LONGEST_WAIT)}
        return Run.of(await self._transport.json("POST", path, json=body, params=params, timeout=75.0, **more))

    async def _recorded(self, run: str, key: str) -> bool:
        async for event in self.events(run):
            if event.type == "signal.received" and event.data.get("key") == key:
                return True
        return False


def _path(run: str) -> str:
    return f"/v1/runs/{quote(run, safe='')}"
