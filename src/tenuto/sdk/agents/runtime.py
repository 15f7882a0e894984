"""Runtimes: who drives an agent from its task to its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NotRequired, Protocol, TypedDict

from tenuto.sdk.agents.agent import Agent
from tenuto.sdk.agents.messages import Message, Usage

if TYPE_CHECKING:
    from tenuto.sdk.agents.standing import Standing
    from tenuto.sdk.context import Context


@dataclass(slots=True, frozen=True, kw_only=True)
class Work:
    """One task for one agent. `parameters` are shown to it as named blocks. `history`: what was said before in its session.

    `callers`: the agents above it, the first one first. `above`: what the last of them is held to, and so it is too.
    """

    agent: Agent
    task: str
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    output: Mapping[str, Any] | None = None  # a JSON Schema, in place of the agent's
    history: tuple[Message, ...] = ()
    callers: tuple[str, ...] = ()
    above: "Standing | None" = None


class Result(TypedDict):
    """What an agent answers. `data`: where it has an output schema. `strangers`: tools whose answers by strangers it has read."""

    text: str
    usage: Usage
    data: NotRequired[Any]
    strangers: NotRequired[list[str]]


class Runtime(Protocol):
    async def run(self, work: Work, ctx: "Context") -> Result:
        """Every model call and every tool call is a durable step of `ctx`; asked again after a crash, it goes on where it was."""
        ...
