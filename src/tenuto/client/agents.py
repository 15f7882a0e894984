"""Agents: give one a task, follow it, ask how it stands. An execution is a run, so `client.runs` answers and cancels it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx2

from tenuto.client.runs import LONGEST_WAIT
from tenuto.client.shapes import Agent, AgentState, Event, Execution, Json, Page, Run
from tenuto.client.streaming import begin, follow
from tenuto.client.transport import Transport
from tenuto.client.words import Words

_EXECUTE = "/v1/agents/execute"


class Agents:
    """`client.agents`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def execute(
        self,
        agent: str,
        task: str,
        parameters: Mapping[str, Json] | None = None,
        *,
        model: str | None = None,
        session: str | None = None,
        runtime: str | None = None,
        output: Mapping[str, Json] | None = None,
        stage: str | None = None,
        name: str | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> Run:
        """Durable when this returns. With `wait`, its outcome if that comes in so many seconds: `run.output["text"]`.

        Without a key of your own one is made up, so that a lost answer never starts two executions.
        """
        body = _body(agent, task, parameters, model, session, runtime, output, stage, name)
        return await self._started(body, wait, idempotency_key or str(uuid4()))

    async def stream(
        self,
        agent: str,
        task: str,
        parameters: Mapping[str, Json] | None = None,
        *,
        model: str | None = None,
        session: str | None = None,
        runtime: str | None = None,
        output: Mapping[str, Json] | None = None,
        stage: str | None = None,
        name: str | None = None,
        idempotency_key: str | None = None,
    ) -> AsyncGenerator[Event]:
        """Start it, and all that happens from its first word to its end: `event.text` is a piece of the answer.

        Each fact comes once and in order, over lost connections too. The execution goes on if you stop listening.
        """
        body = _body(agent, task, parameters, model, session, runtime, output, stage, name)
        key, seen, run, words = idempotency_key or str(uuid4()), 0, None, Words()
        try:
            async with aclosing(begin(self._transport, _EXECUTE, body, key)) as events:
                async for event in events:
                    seen, run = event.seq or seen, run or event.data.get("run")
                    words.hear(event)
                    yield event
                    if event.last:
                        return
        except httpx2.TransportError:
            pass  # what was started goes on, and the key knows it
        run = run or (await self._started(body, None, key)).id
        async with aclosing(follow(self._transport, _events(run), seen, self._transport.attempts, words)) as events:
            async for event in events:
                yield event

    async def status(self, run: str) -> Execution:
        """How an execution stands, by the id or the name of its run."""
        return Execution.of(await self._transport.json("GET", f"/v1/agents/status/{quote(run, safe='')}"))

    async def state(self, name: str) -> AgentState:
        """What an agent is doing."""
        return AgentState.of(await self._transport.json("GET", f"{_agent(name)}/status"))

    async def runs(self, name: str, *, limit: int = 50, cursor: str | None = None) -> Page[Execution]:
        """The executions of an agent, newest first."""
        page = await self._transport.json("GET", f"{_agent(name)}/runs", params=_page(limit, cursor))
        return Page([Execution.of(each) for each in page["items"]], page["next_cursor"])

    async def list(self, *, limit: int = 50, cursor: str | None = None) -> Page[Agent]:
        """By name."""
        page = await self._transport.json("GET", "/v1/agents", params=_page(limit, cursor))
        return Page([Agent.of(each) for each in page["items"]], page["next_cursor"])

    async def _started(self, body: Mapping[str, Json], wait: float | None, key: str) -> Run:
        params = {} if wait is None else {"wait": min(wait, LONGEST_WAIT)}
        headers = {"Idempotency-Key": key}
        return Run.of(
            await self._transport.json(
                "POST", _EXECUTE, json=body, params=params, headers=headers, safe=True, timeout=75.0
            )
        )


def _body(agent: str, task: str, parameters: Json, *given: Json) -> dict[str, Any]:
    names = ("model", "session", "runtime", "output", "stage", "name")
    said = {"agent": agent, "task": task, "parameters": parameters, **dict(zip(names, given, strict=True))}
    return {name: value for name, value in said.items() if value is not None}


def _page(limit: int, cursor: str | None) -> dict[str, Any]:
    return {"limit": limit} if cursor is None else {"limit": limit, "cursor": cursor}


def _agent(name: str) -> str:
    return f"/v1/agents/{quote(name, safe='')}"


def _events(run: str) -> str:
    return f"/v1/runs/{quote(run, safe='')}/events"
