"""The other side of `service/control.py`: an engine that lives in the process that owns the data directory."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tenuto.ports.engine import Live, Outcome, Refused, StartRequest
from tenuto.service.control import LINE_LIMIT, NAME, VERSION, live_of, reachable, start_json

Json = object

PATIENCE = 10.0  # how long an owner that is busy may take to answer at all, in seconds


class OwnerGone(Exception):
    """Nobody answers at the control socket, or the one who did has ended.

    `run`: it had been asked to start this one, and may have done so before it ended.
    """

    run: str | None = None


class RemoteEngine:
    """Every call is one connection, so an owner that has ended is noticed at once."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME

    async def start(self, request: StartRequest) -> str:
        from tenuto.bootstrap import new_run_id

        known = replace(request, run=request.run or new_run_id())
        try:
            return await self._ask("start", request=start_json(known))
        except OwnerGone as gone:
            gone.run = known.run
            raise

    async def signal(
        self, run: str, name: str, payload: Json, *, by: str | None = None, key: str | None = None
    ) -> None:
        await self._ask("signal", run=run, name=name, payload=payload, by=by, key=key)

    async def cancel(self, run: str, *, by: str | None = None, reason: str | None = None) -> None:
        await self._ask("cancel", run=run, by=by, reason=reason)

    async def delete(self, run: str) -> bool:
        return await self._ask("delete", run=run)

    async def resume(self, run: str | None) -> list[dict[str, Any]]:
        return await self._ask("resume", run=run)

    async def sources(self) -> dict[str, dict[str, str]]:
        """Which flows and agents belong to files of folders: by kind, by name, the file as people know it."""
        return await self._ask("sources")

    async def agent(self, name: str, model: str | None, *, tenant: str, stage: str) -> dict[str, Any]:
        """A look at one that the runs of the owner find (`service/agent_looks.py`)."""
        return await self._ask("agent", name=name, model=model, tenant=tenant, stage=stage)

    async def backup(self, target: Path | str) -> None:
        await self._ask("backup", target=str(target))

    async def outcome(self, run: str, *, until: frozenset[str] = frozenset()) -> Outcome:
        return Outcome(**await self._ask("outcome", run=run, until=sorted(until)))

    async def watch(self, run: str, after: int = 0) -> AsyncIterator[Live]:
        async for answer in self._talk("watch", run=run, after=after):
            if "live" in answer:
                yield live_of(answer["live"])

    async def _ask(self, verb: str, **said: Json) -> Any:
        async for answer in self._talk(verb, **said):
            return answer["ok"]
        raise OwnerGone

    async def _talk(self, verb: str, **said: Json) -> AsyncIterator[dict[str, Any]]:
        """The answers to one request, the last of them the `ok`. Nothing is asked of an owner that does not answer."""
        try:
            async with asyncio.timeout(PATIENCE):
                async for _ in self._converse("ping"):
                    pass
        except TimeoutError:
            raise Refused(
                "unreachable",
                f"the process that owns {self._path.parent} does not answer",
                "it may be stopped (`fg`, or `kill -CONT`) or stuck; `tenuto doctor` says which it is",
            ) from None
        async for answer in self._converse(verb, **said):
            yield answer

    async def _converse(self, verb: str, **said: Json) -> AsyncIterator[dict[str, Any]]:
        reader, writer = await self._connect()
        try:
            writer.write(json.dumps({"v": VERSION, "do": verb, **said}).encode() + b"\n")
            answer: dict[str, Any] = {}
            while "ok" not in answer:
                answer = _answer(await reader.readline())
                yield answer
        except ConnectionError as error:
            raise OwnerGone from error
        finally:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            with reachable(self._path) as address:
                return await asyncio.open_unix_connection(address, limit=LINE_LIMIT)
        except OSError as error:
            raise OwnerGone from error


def _answer(line: bytes) -> dict[str, Any]:
    if not line.endswith(b"\n"):
        raise OwnerGone
    answer: dict[str, Any] = json.loads(line)
    if "error" in answer:
        said = answer["error"]
        raise Refused(said["code"], said["message"], said["hint"])
    return answer
