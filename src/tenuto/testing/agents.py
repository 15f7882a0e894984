"""A house of agents for tests: agents, models, tools and runtimes as dictionaries, found by name."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, TypeVar

from tenuto.core.problems import did_you_mean
from tenuto.ports.agent_house import Surroundings
from tenuto.sdk import Context, NodeError
from tenuto.sdk.agents import Agent, Effects, Endpoint, Model, ModelSpec, Runtime, Tool, Usage
from tenuto.sdk.agents.conversation import Ahead, Conversation
from tenuto.sdk.agents.messages import Message
from tenuto.service.session_turns import SessionTurns
from tenuto.stores.conversations_memory import MemoryConversation, MemoryLines

T = TypeVar("T")
Call = Callable[..., Any]


class FakeEndpoint:
    """A model of the test's own. Nothing is repeated; a million tokens cost `usd`."""

    def __init__(self, model: Model, name: str = "scripted:test", *, usd: float | None = None) -> None:
        provider, _, model_name = name.partition(":")
        self.spec = ModelSpec(provider=provider, model=model_name, chosen="by the test")
        self.model = model
        self._usd = usd

    async def guarded(self, call: Callable[[], Awaitable[T]]) -> T:
        return await call()

    def priced(self, usage: Usage) -> Usage:
        if self._usd is None:
            return usage
        return {**usage, "usd": usage.get("tokens", 0) * self._usd / 1_000_000}


class FakeTool:
    """A tool that is a function of its arguments, or of the arguments and the context and the key of the call."""

    def __init__(
        self,
        name: str,
        function: Call,
        *,
        parameters: Mapping[str, Any] | None = None,
        description: str = "",
        effects: Effects = "idempotent",
        durable: bool = False,
        timeout: float | None = None,
        trusted: bool = True,
        sends: bool = False,
        needs_context: bool = False,
    ) -> None:
        self.name = name
        self.description = description or name
        self.parameters: Mapping[str, Any] = parameters or {"type": "object", "additionalProperties": True}
        self.effects: Effects = effects
        self.durable = durable
        self.timeout = timeout
        self.trusted = trusted
        self.sends = sends
        self._function = function
        self._needs_context = needs_context

    async def call(self, arguments: dict[str, Any], ctx: Context, key: str) -> Any:
        made: Any = self._function(arguments, ctx, key) if self._needs_context else self._function(**arguments)
        return await made if isawaitable(made) else made


class FakeHouse:
    """`ctx.agents` of a test. `models`: every name an agent may write, and the endpoints behind it, in order."""

    def __init__(
        self,
        agents: Sequence[Agent] = (),
        *,
        models: Mapping[str, Endpoint | Sequence[Endpoint]] | None = None,
        tools: Sequence[Tool] = (),
        runtimes: Mapping[str, Runtime] | None = None,
    ) -> None:
        self._agents = {agent.name: agent for agent in agents}
        self._models = dict(models or {})
        self._tools = {tool.name: tool for tool in tools}
        self._runtimes = dict(runtimes or {})
        self._lines = MemoryLines()
        self._turns: SessionTurns | None = None
        self._said: dict[str, MemoryConversation] = {}

    def of(self, tenant: str, stage: str) -> "FakeHouse":
        """It is the same for all: give it to a host as its house."""
        del tenant, stage
        return self

    async def agent(self, name: str) -> Agent:
        return _found(self._agents, name, "agent")

    async def endpoints(self, models: Sequence[str]) -> list[Endpoint]:
        found: list[Endpoint] = []
        for name in models:
            behind = _found(self._models, name, "model")
            found.extend(behind if isinstance(behind, Sequence) else [behind])
        return found

    async def tools(self, names: Sequence[str]) -> list[Tool]:
        return [_found(self._tools, name, "tool") for name in names]

    def runtime(self, name: str) -> Runtime:
        return _found(self._runtimes, name, "runtime")

    def conversation(self, session: str) -> Conversation:
        said = self._said.setdefault(session, MemoryConversation())
        return _Session(said, self._turns, session)

    def attend(self, runs: Surroundings) -> None:
        """A host that is opened again is another process: only the lines are still there."""
        self._turns = SessionTurns(self._lines)
        self._turns.attend(runs)

    async def recovered(self) -> None:
        if self._turns is not None:
            await self._turns.recovered()


@dataclass(slots=True, frozen=True)
class _Session:
    """`turns`: none where a node is tested alone; then it is always its turn."""

    said: MemoryConversation
    turns: SessionTurns | None
    name: str

    async def turn(self, run: str, path: str) -> Ahead | None:
        return None if self.turns is None else await self.turns.turn("test", self.name, run, path)

    async def read(self) -> list[Message]:
        return await self.said.read()

    async def add(self, key: str, messages: Sequence[Message]) -> None:
        await self.said.add(key, messages)


def _found(known: Mapping[str, T], name: str, kind: str) -> T:
    if name in known:
        return known[name]
    hint = did_you_mean(name, known)
    raise NodeError(f"there is no {kind} `{name}`{f' ({hint})' if hint else ''}", type=kind, retry=False)
