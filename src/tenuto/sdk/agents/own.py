"""Agents that people have made in a framework's own words, at work inside a node: their own models and their own tools.

Their files are code, so nothing here is granted by a file; what a person says about them beside (who approves what, what
must not be repeated, what may be spent) holds as it does for an agent file.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from tenuto.sdk.agents.agent import INHERIT, MAX_TURNS, Agent
from tenuto.sdk.agents.asking import Asker
from tenuto.sdk.agents.asking_person import told
from tenuto.sdk.agents.calling import Caller
from tenuto.sdk.agents.desk import Desk
from tenuto.sdk.agents.messages import ToolCall, Usage
from tenuto.sdk.agents.model import Endpoint, Model, ModelError, ModelSpec
from tenuto.sdk.agents.runtime import Work
from tenuto.sdk.agents.standing import Standing
from tenuto.sdk.agents.tool import Effects
from tenuto.sdk.context import Context
from tenuto.sdk.errors import NodeError

T = TypeVar("T")
_TIMEOUT: Final = 600.0  # seconds for one call
_LONGEST: Final = 300  # characters of what a library says went wrong
_WAITED_FOR: Final = frozenset({408, 409, 425, 429})  # these refusals pass

Run = Callable[[dict[str, Any], Context, str], Awaitable[Any]]


@dataclass(slots=True, frozen=True, kw_only=True)
class Terms:
    """What is said about an agent beside its code. `once`: tools of which no call may be repeated. `model`: in place of its own."""

    model: str | None = None
    output: Mapping[str, Any] | None = None
    approve: Sequence[str] = ()
    once: Sequence[str] = ()
    budget: Mapping[str, float] = field(default_factory=dict[str, float])
    max_turns: int = MAX_TURNS


@dataclass(slots=True, frozen=True, kw_only=True)
class OwnTool:
    """A function of theirs as a tool of ours. `durable`: it is an agent, with steps of its own."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    run: Run
    effects: Effects = "idempotent"
    durable: bool = False
    timeout: float | None = _TIMEOUT
    trusted: bool = True
    sends: bool = False

    async def call(self, arguments: dict[str, Any], ctx: Context, key: str) -> Any:
        return await self.run(arguments, ctx, key)


@dataclass(slots=True, frozen=True)
class OwnEndpoint:
    """Their own model, where their own client asks it. It is asked once: how often again is for the node's `retry` to say."""

    spec: ModelSpec
    model: Model

    async def guarded(self, call: Callable[[], Awaitable[T]]) -> T:
        try:
            return await call()
        except NodeError:
            raise
        except Exception as error:
            raise _refused(self.spec.name, error) from error

    def priced(self, usage: Usage) -> Usage:
        return usage


def _refused(name: str, error: Exception) -> ModelError:
    status = next((found for each in (error, error.__cause__) if (found := getattr(each, "status_code", None))), None)
    passing = not isinstance(status, int) or status >= 500 or status in _WAITED_FOR
    return ModelError(f"{name} did not answer: {str(error)[:_LONGEST] or type(error).__name__}", retry=passing)


def own_desk(
    name: str,
    task: str,
    terms: Terms,
    ctx: Context,
    *,
    wired: Callable[[Endpoint], Model],
    own: Sequence[Endpoint],
    above: Standing | None = None,
    aside: Callable[[str], bool] = lambda _: False,
) -> Desk:
    """A desk for such an agent. `own`: its models, asked where no other one is named; its tools are granted as they come up.

    `aside`: whether a tool of that name is run by the framework alone, because it only sets something in motion.
    """
    agent = Agent(
        name=name,
        prompt="",
        version="own",
        model=(terms.model,) if terms.model else (INHERIT,),
        max_turns=terms.max_turns,
        budget=dict(terms.budget),
        approve=tuple(terms.approve),
        output=terms.output,
    )
    standing = Standing.of(agent, ctx, above)
    caller = Caller(standing, ())

    def expect(calls: Sequence[ToolCall]) -> None:
        caller.expect([call for call in calls if not aside(call["name"])])

    asker = Asker(standing, expect, wired=wired, endpoints=None if terms.model or not own else own)
    return Desk(Work(agent=agent, task=task), standing, asker, caller)


def needs_person(desk: Desk, tool: str) -> None:
    """What the agent's own code says of a tool of its own."""
    agent = desk.standing.agent
    if tool not in agent.approve:
        desk.standing.agent = replace(agent, approve=(*agent.approve, tool))


async def answered(ctx: Context, key: str, question: str, show: Any) -> Any:
    """A person's answer to what an agent's own code wants to know."""
    return told(await ctx.suspend(key, ask={"kind": "question", "question": question, "show": show}))
